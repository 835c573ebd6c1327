-- For operators: one paused run goes on, also where its workflow is paused. Returns its status.
-- Raises EJ404 for no such run, EJ409 for one that is not paused.
set role enginejs_writer;
create or replace function enginejs.resume_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  current_status text;
  resumed boolean;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- False: whatever its workflow is. Three times: it may move between the two tables meanwhile.
  for i in 1..3 loop
    update enginejs.workflow_runs_active r set paused = false
    where r.id = run and (r.paused or r.status = 'paused') returning r.status into current_status;
    resumed := found;
    exit when resumed;
    update enginejs.workflow_runs_parked r set paused = false where r.id = run and r.paused;
    resumed := found;
    exit when resumed;
  end loop;
  if not resumed then
    raise exception 'the run is %, not paused', found_run.status using errcode = 'EJ409';
  end if;
  if current_status = 'paused' then
    perform enginejs.workflow_ring_for(array[run]);
  end if;
  perform enginejs.workflow_note('resume', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.resume_run(uuid, text) from public;
grant execute on function enginejs.resume_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;
