-- For operators: one run waits until somebody resumes it. One that is at a step goes on until it ends or waits.
-- Returns its status. Raises EJ404 for no such run, EJ409 for one that is finished.
set role enginejs_writer;
create or replace function enginejs.pause_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  reached boolean;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- Three times: it may move between the two tables meanwhile, in either direction.
  for i in 1..3 loop
    update enginejs.workflow_runs_active r
    set paused = true,
      status = case when r.status = 'queued' and r.cancel is null and r.failure is null then 'paused' else r.status end
    where r.id = run;
    reached := found;
    exit when reached;
    update enginejs.workflow_runs_parked r set paused = true where r.id = run;
    reached := found;
    exit when reached;
  end loop;
  if not reached then
    raise exception 'the run is %: there is nothing to pause', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('pause', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.pause_run(uuid, text) from public;
grant execute on function enginejs.pause_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;
