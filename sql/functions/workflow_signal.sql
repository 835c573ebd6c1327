-- Tells every run that waits for this signal with this key, in the tenant that it is given in, and starts the workflows whose
-- trigger it is; returns how many waits and workflows took it. Where there are none it is kept, for the next run that waits for
-- it. `actor`, as events carry it, is who caused the workflows that it starts, by default the actor of this transaction.
-- The tenant is that of this transaction, else the actor's: keys such as an order's number are unique in one tenant only, and
-- what tenant B says must not reach tenant A, nor what A is told be taken by B. Without one (psql, a webhook, the clock) every
-- run is told; a run without a tenant is told by all.
-- For the platform: builders, workers, workflows that run as the system, and the step `signal`; an actor's own wish is an action
-- or a decision.
set role enginejs_writer;
create or replace function enginejs.workflow_signal(signal text, key text, payload jsonb default null, actor jsonb default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  runs uuid[];
  subscriber text;
  started int := 0;
  of_tenant constant uuid := coalesce(enginejs.tenant_id(), (actor ->> 'tenant')::uuid);
begin
  if signal is null or key is null then
    raise exception 'a signal has a name and a key' using errcode = 'null_value_not_allowed';
  end if;
  perform pg_advisory_xact_lock(7714004, hashtext(signal || '/' || key));
  with taken as (
    update enginejs.workflow_waits w
    set outcome = jsonb_build_object('output', jsonb_build_object('payload', payload, 'timedOut', false))
    where w.kind = 'signal' and w.name = signal and w.key = workflow_signal.key and w.outcome is null
      and (w.until is null or w.until > clock_timestamp())
      and (of_tenant is null or w.tenant is null or w.tenant = of_tenant)
    returning w.run_id
  )
  select array_agg(t.run_id) into runs from taken t;
  -- Workflows that it starts, each with the payload as its input.
  for subscriber in
    select t.workflow from enginejs.workflow_triggers t where t.kind = 'signal' and t.name = signal order by t.workflow
  loop
    perform enginejs.workflow_start(subscriber, payload, actor => workflow_signal.actor);
    started := started + 1;
  end loop;
  if runs is null and started > 0 then
    return started;
  end if;
  if runs is null then
    insert into enginejs.workflow_signals (name, key, tenant, payload)
    values (signal, workflow_signal.key, of_tenant, payload);
    return 0;
  end if;
  perform enginejs.workflow_unpark(runs);
  return cardinality(runs) + started;
end
$$;
revoke execute on function enginejs.workflow_signal(text, text, jsonb, jsonb) from public;
grant execute on function enginejs.workflow_signal(text, text, jsonb, jsonb) to enginejs_owner, enginejs_system;
reset role;
