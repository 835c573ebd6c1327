-- All runs, finished or not, for people.
set role enginejs_writer;

create or replace view enginejs.workflow_runs as
  select r.id, d.name as workflow, r.event_id, r.segment,
    case r.status when 'running' then 'processing' else 'pending' end as status,
    r.attempts, r.next_run_at, r.failed_step, r.error, r.worker_id, r.created_at, null::timestamptz as finished_at,
    r.definition_id
  from enginejs.workflow_runs_active r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  union all
  select r.id, d.name, r.event_id, r.segment, r.status,
    r.attempts, null, r.failed_step, r.error, null, r.created_at, r.finished_at,
    r.definition_id
  from enginejs.workflow_runs_finished r
  join enginejs.workflow_definitions d on d.id = r.definition_id;

comment on view enginejs.workflow_runs is 'Runs of workflows: pending, processing, done or failed.';

reset role;
