-- The decisions that the actor of this transaction may take now, the oldest first.
set role enginejs_writer;
create or replace function enginejs.workflow_approvals()
returns table (
  run uuid, step text, workflow text, question text, data jsonb, model text, record_id uuid,
  since timestamptz, until timestamptz
)
language sql stable security definer set search_path = ''
as $$
  select w.run_id, w.step, d.name, w.question, w.data, e.model, e.record_id, w.since, w.until
  from enginejs.workflow_waits w
  join (
    select id, definition_id, event_id, segment from enginejs.workflow_runs_parked where cancel is null or failure is not null
    union all
    select id, definition_id, event_id, segment from enginejs.workflow_runs_active where cancel is null or failure is not null
  ) r on r.id = w.run_id
  join enginejs.workflow_definitions d on d.id = r.definition_id
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where w.kind = 'approval' and w.outcome is null and (w.until is null or w.until > clock_timestamp())
    and (w.tenant is null or w.tenant = enginejs.tenant_id())
    and enginejs.workflow_may_decide(w.policy, w.scope)
  order by w.since, w.run_id, w.step
$$;
revoke execute on function enginejs.workflow_approvals() from public;
grant execute on function enginejs.workflow_approvals() to enginejs_user, enginejs_system;
reset role;
