-- For operators: makes a new run of a run's event that begins at a step, with the checkpoints of what does not come after that
-- step. What compensations have undone is done anew, and so is all that comes after it. It has an id, and so idempotency keys, of
-- its own; its time counts from now. `newest`: by the definition of the newest build instead of the run's own.
-- Returns the new run's id. Raises EJ404 for no such run, workflow or step (`hint`: those that there are).
set role enginejs_writer;
create or replace function enginejs.fork_run(run uuid, from_step text, newest boolean default false, reason text default null)
returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  origin record;
  target record;
  fork uuid;
  number int := 0;
  anew text[];
begin
  perform enginejs.require_operator();
  select r.id, r.segment, r.event_id, r.workflow, r.definition_id,
    enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
  into origin
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  select d.id, d.definition into target from enginejs.workflow_definitions d
  where d.id = case
    when newest then (
      select s.definition_id from enginejs.workflow_subscriptions s
      where s.model = 'workflow:' || origin.workflow and s.action = 'start' and s.workflow = origin.workflow)
    else origin.definition_id
  end;
  if not found then
    raise exception 'the newest build has no workflow "%"', origin.workflow using errcode = 'EJ404';
  end if;
  if not exists (
    select from jsonb_array_elements(target.definition -> 'nodes') as n (node)
    where n.node ->> 'id' = from_step and n.node ->> 'kind' <> 'compensate'
  ) then
    raise exception 'the workflow "%" has no step "%"', origin.workflow, from_step using errcode = 'EJ404', hint = (
      select string_agg(n.node ->> 'id', ', ' order by n.place)
      from jsonb_array_elements(target.definition -> 'nodes') with ordinality as n (node, place)
      where n.node ->> 'kind' <> 'compensate');
  end if;

  with recursive after (id) as (
    select unnest(array[from_step] || enginejs.workflow_undone(run, origin.segment, origin.definition_id))
    union
    select e.edge ->> 'to' from after a
    join lateral jsonb_array_elements(target.definition -> 'edges') as e (edge) on e.edge ->> 'from' = a.id
  )
  select array_agg(a.id) into anew from after a;

  perform pg_advisory_xact_lock(7714005, hashtext(origin.event_id::text));
  loop
    number := number + 1;
    fork := enginejs.workflow_run_id(origin.event_id, origin.workflow || ' fork ' || number);
    exit when not exists (select from enginejs.workflow_runs r where r.id = fork);
  end loop;
  insert into enginejs.workflow_run_steps (run_id, segment, step, output, finished_at)
  select fork, s.segment, s.step, s.output, s.finished_at
  from enginejs.workflow_run_steps s
  cross join lateral (values (split_part(regexp_replace(s.step, '\[[0-9]*\]', '', 'g'), '.', 1))) as o (node)
  where s.run_id = run and s.segment = origin.segment and o.node <> all (anew)
    and exists (
      select from jsonb_array_elements(target.definition -> 'nodes') as n (node)
      where n.node ->> 'id' = o.node and n.node ->> 'kind' <> 'compensate');
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, status, restarted_at)
  values (fork, target.id, origin.event_id, origin.segment, 'waiting', clock_timestamp());
  perform enginejs.workflow_ring_for(array[fork]);
  perform enginejs.workflow_note('fork', origin.tenant, jsonb_build_object(
    'run', run, 'fork', fork, 'workflow', origin.workflow, 'step', from_step, 'newest', newest, 'reason', reason));
  return fork;
end
$$;
revoke execute on function enginejs.fork_run(uuid, text, boolean, text) from public;
grant execute on function enginejs.fork_run(uuid, text, boolean, text) to enginejs_owner, enginejs_user;
reset role;
