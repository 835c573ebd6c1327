-- A run as operators see it; null for none. What it waits for is in `waitingFor`.
set role enginejs_writer;
create or replace function enginejs.workflow_describe_run(run uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', r.id, 'workflow', r.workflow, 'status', r.status, 'attempts', r.attempts,
    'createdAt', r.created_at, 'finishedAt', r.finished_at, 'nextRunAt', r.next_run_at,
    'failedStep', r.failed_step, 'error', r.error, 'cancel', r.cancel, 'waitingFor', coalesce(r.waiting_for, '[]'),
    'output', r.output, 'eventId', r.event_id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
    'tenant', enginejs.workflow_event_tenant(e.actor, e.before, e.after), 'actor', e.actor, 'origin', e.origin)
  from enginejs.workflow_runs r
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run
$$;
revoke execute on function enginejs.workflow_describe_run(uuid) from public;
reset role;
