-- What was given up, newest last: runs that failed for good, and events that no condition could be evaluated for.
set role enginejs_writer;

create or replace view enginejs.workflow_dead_letters as
  select r.id as run_id, d.name as workflow, r.failed_step, r.error, r.attempts, r.finished_at as failed_at,
    e.id as event_id, e.model, e.action, e.record_id, e.actor
  from enginejs.workflow_runs_finished r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.status = 'failed'
  union all
  select null, w.workflow, null, f.error, f.attempts, f.failed_at,
    e.id, e.model, e.action, e.record_id, e.actor
  from enginejs.workflow_events_failed f
  cross join lateral unnest(f.workflows) as w (workflow)
  join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
  order by failed_at;

comment on view enginejs.workflow_dead_letters is 'Runs and events that failed for good, with the reason.';

reset role;
