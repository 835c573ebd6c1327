-- For operators: a failed run of a workflow that halts in order is passed over, and those of its key that wait for it go on.
-- Raises EJ404 for no such run, EJ409 for one that nobody waits for.
set role enginejs_writer;
create or replace function enginejs.skip_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- Whether its worker has told already that it has ended makes no difference.
  if found_run.status <> 'failed' or not enginejs.workflow_end_turn(run, true) then
    raise exception 'the run is %: nothing waits until it is passed over', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('skip', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return found_run.status;
end
$$;
revoke execute on function enginejs.skip_run(uuid, text) from public;
grant execute on function enginejs.skip_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;
