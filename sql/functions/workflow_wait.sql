-- Writes down that a step of a run waits from now on. Returns {"lost": true} where the lease is, {"output": …} where a
-- signal that was kept is taken at once (it is the step's checkpoint then), and null where the step waits. Raises EJ404 where nothing says who may decide an approval.
--
-- `length_ms` or `moment`: until when; neither, or infinity: without end. `details` holds the other columns by name.
set role enginejs_writer;
create or replace function enginejs.workflow_wait(
  run uuid, held_lease int, wait_step text, wait_kind text, length_ms bigint, moment timestamptz, details jsonb
) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  given record;
  run_segment int;
begin
  -- Before the run's row, as in workflow_signal: a signal either finds this wait, or is found by it.
  if wait_kind = 'signal' then
    perform pg_advisory_xact_lock(7714004, hashtext((details ->> 'name') || '/' || (details ->> 'key')));
  end if;
  update enginejs.workflow_runs_active r set waits = true
  where r.id = run and r.lease = held_lease and r.status = 'running'
  returning r.segment into run_segment;
  if not found then
    return '{"lost": true}';
  end if;
  if wait_kind = 'approval' and enginejs.workflow_find_rule(details ->> 'policy') is null then
    raise exception 'there is no function %', details ->> 'policy' using errcode = 'EJ404';
  end if;
  if wait_kind = 'signal' then
    delete from enginejs.workflow_signals s
    where s.id = (
      select k.id from enginejs.workflow_signals k
      where k.name = details ->> 'name' and k.key = details ->> 'key'
        and (k.tenant is null or details ->> 'tenant' is null or k.tenant = (details ->> 'tenant')::uuid)
      order by k.id limit 1
    )
    returning jsonb_build_object('payload', s.payload, 'timedOut', false) as output into given;
    if found then
      insert into enginejs.workflow_run_steps (run_id, segment, step, output)
      values (run, run_segment, wait_step, given.output);
      return jsonb_build_object('output', given.output);
    end if;
  end if;
  insert into enginejs.workflow_waits as w
    (run_id, step, kind, until, name, key, child, child_segment, tenant, question, data, policy, scope, failures, error)
  select run, wait_step, wait_kind, nullif(coalesce(moment, clock_timestamp() + length_ms * interval '1 ms'), 'infinity'),
    d.name, d.key, d.child, d.child_segment, d.tenant, d.question, d.data, d.policy, d.scope, d.failures, d.error
  from jsonb_populate_record(null::enginejs.workflow_waits, coalesce(details, '{}')) d
  -- A step that has failed again pauses anew, and one that has paused may wait for something else now: another run, a
  -- signal, a time. Any other wait is begun once.
  on conflict on constraint workflow_waits_pkey
    do update set kind = excluded.kind, since = excluded.since, until = excluded.until, name = excluded.name,
      key = excluded.key, child = excluded.child, child_segment = excluded.child_segment, tenant = excluded.tenant,
      question = excluded.question, data = excluded.data, policy = excluded.policy, scope = excluded.scope,
      failures = excluded.failures, error = excluded.error
    where w.kind = 'retry';
  return null;
end
$$;
revoke execute on function enginejs.workflow_wait(uuid, int, text, text, bigint, timestamptz, jsonb) from public;
reset role;
