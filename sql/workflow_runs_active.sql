-- Runs that are not finished: small, so that claims, retries and recovery stay cheap however long the history is.
-- The relay stops making runs while some thousand wait, the rest waits in workflow_events_pending.
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_active (
  -- Derived from event and workflow: its first eight bytes are the event's id, the others a hash of the
  -- workflow's name. So one event has one run per workflow, and an event's runs are one range of the key.
  id uuid not null,
  -- No foreign key: every run would pay for looking at it, and definitions are never deleted.
  definition_id int not null,
  event_id bigint not null,
  segment int not null,
  -- queued: a job of graphile_worker rings for it; running: a worker holds the lease; waiting: until next_run_at;
  -- paused: until an operator resumes it.
  status text not null default 'queued',
  -- Grows with each claim, from a drawn number (workflow_start_runs). Whatever a worker writes names the lease that it holds, and counts for nothing where that is not the run's.
  lease int not null default 0,
  worker_id int,
  job_id bigint,
  -- When the status began.
  since timestamptz not null default clock_timestamp(),
  next_run_at timestamptz,
  -- How often it was begun, the first time included.
  attempts int not null default 0,
  -- The step that failed last, and how often in a row.
  failed_step text,
  failures int not null default 0,
  -- How often in a row its worker died without a result of any step, and how many results there were then.
  crashes int not null default 0,
  crashed_after int not null default 0,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  -- Whether there are rows of it in enginejs.workflow_waits: a run that never waits is asked for none.
  waits boolean not null default false,
  -- {"step", "error"}: it has failed for good, or was cancelled, and what it did is being undone.
  failure jsonb,
  -- Why somebody wants it to end.
  cancel text,
  -- An operator's word about this run alone: true, it waits for him; false, it goes on although its workflow is paused.
  paused boolean,
  -- Since when its time counts, where an operator had it tried again; else since its event.
  restarted_at timestamptz,
  constraint workflow_runs_active_pkey primary key (id),
  constraint workflow_runs_active_status_check check (status in ('queued', 'running', 'waiting', 'paused'))
) with (
  -- Room on the page for the next version of a row: neither claim nor finish touches an index.
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);

-- Its predicate names the column itself, not the status: a claim changes neither, and stays on its page.
create index if not exists workflow_runs_active_next_run_at_idx on enginejs.workflow_runs_active (next_run_at)
  where next_run_at is not null;

-- Few at any time; neither column changes in a claim.
create index if not exists workflow_runs_active_cancel_idx on enginejs.workflow_runs_active (id) where cancel is not null;

comment on table enginejs.workflow_runs_active is 'Runs of workflows that are not finished.';

reset role;
