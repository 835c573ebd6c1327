-- Runs that are done, failed for good, or were cancelled, in their event's segment.
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_finished (
  id uuid not null,
  definition_id int not null,
  event_id bigint not null,
  segment int not null,
  status text not null,
  attempts int not null,
  failed_step text,
  error text,
  -- What the run gave, where it comes to an end that says so.
  output jsonb,
  created_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  constraint workflow_runs_finished_pkey primary key (id, segment),
  constraint workflow_runs_finished_status_check check (status in ('done', 'failed', 'cancelled'))
) partition by list (segment);

-- The dead letters, the oldest first: few, and an index that no other run is written to.
create index if not exists workflow_runs_finished_failed_idx on enginejs.workflow_runs_finished (finished_at, id)
  where status = 'failed';

comment on table enginejs.workflow_runs_finished is 'Runs of workflows that are done, failed for good, or cancelled.';

reset role;
