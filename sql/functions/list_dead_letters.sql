-- For operators: what was given up, the oldest first, one page: failed runs, and events (no run) whose condition could not be
-- evaluated. `after`: when the last of the page before failed.
set role enginejs_writer;
create or replace function enginejs.list_dead_letters(
  of_workflow text default null, since timestamptz default null, of_tenant uuid default null, of_record uuid default null,
  first int default 50, after timestamptz default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform enginejs.require_operator();
  return query
  select jsonb_build_object('runId', l.run_id, 'workflow', l.workflow, 'failedStep', l.failed_step, 'error', l.error,
    'attempts', l.attempts, 'failedAt', l.failed_at, 'eventId', l.event_id::text, 'model', l.model, 'action', l.action,
    'recordId', l.record_id, 'tenant', l.tenant)
  from (
    (select f.id as run_id, d.name as workflow, f.failed_step, f.error, f.attempts, f.finished_at as failed_at,
       e.id as event_id, e.model, e.action, e.record_id, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
     from enginejs.workflow_runs_finished f
     join enginejs.workflow_definitions d on d.id = f.definition_id
     join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
     where f.status = 'failed' and (list_dead_letters.after is null or f.finished_at > list_dead_letters.after)
       and (of_workflow is null or d.name = of_workflow) and (since is null or f.finished_at >= since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by f.finished_at, f.id limit first)
    union all
    (select null, w.workflow, null, f.error, f.attempts, f.failed_at,
       e.id, e.model, e.action, e.record_id, enginejs.workflow_event_tenant(e.actor, e.before, e.after)
     from enginejs.workflow_events_failed f
     cross join lateral unnest(f.workflows) as w (workflow)
     join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
     where (list_dead_letters.after is null or f.failed_at > list_dead_letters.after)
       and (of_workflow is null or w.workflow = of_workflow) and (since is null or f.failed_at >= since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by f.failed_at limit first)
  ) l
  order by l.failed_at
  limit first;
end
$$;
revoke execute on function enginejs.list_dead_letters(text, timestamptz, uuid, uuid, int, timestamptz) from public;
grant execute on function enginejs.list_dead_letters(text, timestamptz, uuid, uuid, int, timestamptz)
  to enginejs_owner, enginejs_user;
reset role;
