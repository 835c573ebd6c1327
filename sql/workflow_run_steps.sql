-- Checkpoints: the result of each step of each run. A row here means that the step is never done again.
-- The key is also what makes a database step happen once: its effect and this row are one transaction.
set role enginejs_writer;

create table if not exists enginejs.workflow_run_steps (
  run_id uuid not null,
  segment int not null,
  -- The node's id in the definition.
  step text not null,
  output jsonb,
  finished_at timestamptz not null default clock_timestamp(),
  constraint workflow_run_steps_pkey primary key (run_id, step, segment)
) partition by list (segment);

comment on table enginejs.workflow_run_steps is 'The result of each step of each run, written once.';

reset role;
