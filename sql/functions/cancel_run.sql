-- For operators: enginejs.workflow_cancel, recorded. Returns whether there was something to cancel; raises EJ404 for no such run.
set role enginejs_writer;
create or replace function enginejs.cancel_run(run uuid, reason text default null) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  cancelled boolean;
begin
  perform enginejs.require_operator();
  -- First: a run that the relay has not made yet is there afterwards.
  cancelled := enginejs.workflow_cancel(run, coalesce(reason, 'cancelled'));
  select r.workflow, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  if cancelled then
    perform enginejs.workflow_note('cancel', found_run.tenant,
      jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  end if;
  return cancelled;
end
$$;
revoke execute on function enginejs.cancel_run(uuid, text) from public;
grant execute on function enginejs.cancel_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;
