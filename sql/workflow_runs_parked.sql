-- Runs whose every path waits: for a time, a signal, a person, another run. Apart from the active ones, so that a
-- million sleepers cost claims, retries and recovery nothing. The columns are those of workflow_runs_active, in the same
-- order: a run moves between the two by delete and insert (functions/workflow_park.sql, workflow_unpark.sql).
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_parked (
  like enginejs.workflow_runs_active including defaults,
  constraint workflow_runs_parked_pkey primary key (id),
  constraint workflow_runs_parked_definition_id_fkey foreign key (definition_id) references enginejs.workflow_definitions (id)
);

create index if not exists workflow_runs_parked_next_run_at_idx on enginejs.workflow_runs_parked (next_run_at)
  where next_run_at is not null;
-- A segment of the history is kept as long as a run of it sleeps.
create index if not exists workflow_runs_parked_segment_idx on enginejs.workflow_runs_parked (segment);

comment on table enginejs.workflow_runs_parked is 'Runs of workflows that wait for something.';

reset role;
