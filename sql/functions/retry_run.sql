-- For operators: a failed run tries again from its failed step, with its checkpoints; one that pauses before another attempt
-- makes it now. Returns the run's status. Raises EJ404 for no such run, EJ409 for one that has nothing to try again, or whose
-- steps were undone by compensations: its idempotency keys are used up, fork_run makes a run with new ones.
set role enginejs_writer;
create or replace function enginejs.retry_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  undone text[];
begin
  perform enginejs.require_operator();
  select r.id, r.segment, r.status, r.workflow, r.definition_id,
    enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
  into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  if found_run.status = 'failed' then
    undone := enginejs.workflow_undone(run, found_run.segment, found_run.definition_id);
    if undone <> '{}' then
      raise exception 'what the run did was undone (%): fork it instead', array_to_string(undone, ', ') using errcode = 'EJ409';
    end if;
    if enginejs.workflow_revive(array[run], array[found_run.segment]) = 0 then
      raise exception 'somebody else has retried the run' using errcode = 'EJ409';
    end if;
  elsif found_run.status = 'waiting' then
    perform from enginejs.workflow_runs_active r where r.id = run and r.status = 'waiting' for update;
    if found then
      perform enginejs.workflow_ring_for(array[run]);
    else
      update enginejs.workflow_waits w set until = clock_timestamp() where w.run_id = run and w.kind = 'retry' and w.outcome is null;
      if not found then
        raise exception 'the run waits for something else than another attempt' using errcode = 'EJ409';
      end if;
      perform enginejs.workflow_unpark(array[run]);
    end if;
  else
    raise exception 'the run is %: there is nothing to try again', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('retry', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.retry_run(uuid, text) from public;
grant execute on function enginejs.retry_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;
