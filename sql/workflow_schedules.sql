-- When workflows are started by the clock: every so often, by a cron expression, or at moments that rows name.
-- enginejs.workflow_schedule_register() keeps it in step with the newest build. What is due is decided by this database's
-- clock alone: enginejs.workflow_schedule() is all that a scheduler calls.
set role enginejs_writer;

create table if not exists enginejs.workflow_schedules (
  workflow text not null,
  -- `interval`, `cron`, `datetime`.
  kind text not null,
  -- As the definition has it; a different one is a new schedule.
  trigger jsonb not null,
  -- interval: multiples of it since 1970.
  every interval,
  -- cron: what its fields let pass.
  minutes int[],
  hours int[],
  days int[],
  months int[],
  weekdays int[],
  -- Both days are said: either will do, as in every cron.
  either_day boolean,
  -- The hour is `*`: it follows the elapsed time where clocks are changed, see workflow_cron_ticks.
  every_hour boolean,
  zone text,
  -- So many of the ticks that nobody was there for, the newest.
  catch_up int,
  -- datetime: whose column, and how far from it.
  model text,
  column_name text,
  shift interval,
  next_at timestamptz,
  -- Of the tick that failed last.
  error text,
  constraint workflow_schedules_pkey primary key (workflow),
  constraint workflow_schedules_kind_check check (kind in ('interval', 'cron', 'datetime'))
) with (fillfactor = 50);

create index if not exists workflow_schedules_model_idx on enginejs.workflow_schedules (model) where model is not null;

comment on table enginejs.workflow_schedules is 'Workflows that the clock starts, and when it does so next.';

-- A tick that has been emitted is not emitted again, whatever becomes of next_at: a clock that was set back, a row that
-- was changed by hand. Old ones go with workflow_maintain_keys.
create table if not exists enginejs.workflow_ticks (
  workflow text not null,
  tick_at timestamptz not null,
  run_id uuid,
  emitted_at timestamptz not null default clock_timestamp(),
  constraint workflow_ticks_pkey primary key (workflow, tick_at)
);

create index if not exists workflow_ticks_emitted_at_idx on enginejs.workflow_ticks using brin (emitted_at);

comment on table enginejs.workflow_ticks is 'Ticks of schedules that were emitted, each once.';

-- Moments that rows name: one row per record and workflow, as long as its moment lies ahead. Kept by the triggers
-- 91_moments_* of the entity's table in the writer's own transaction: a writer that commits late, after its moment, is
-- still seen, which a look at the column between two points of time would miss.
create table if not exists enginejs.workflow_moments (
  workflow text not null,
  -- Null: the entity belongs to no tenant.
  tenant_id uuid,
  record_id uuid not null,
  moment timestamptz not null,
  -- When it is looked at; later than the moment where its condition could not be evaluated.
  due_at timestamptz not null,
  attempts int not null default 0,
  error text,
  constraint workflow_moments_key unique nulls not distinct (record_id, workflow, tenant_id)
) with (
  autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

-- By workflow: those of one that is paused are not walked over at every look.
create index if not exists workflow_moments_workflow_idx on enginejs.workflow_moments (workflow, due_at);

comment on table enginejs.workflow_moments is 'When a workflow is started for which record.';

-- What else starts workflows by name: signals and webhooks, of the newest build.
create table if not exists enginejs.workflow_triggers (
  kind text not null,
  name text not null,
  workflow text not null,
  constraint workflow_triggers_pkey primary key (kind, name, workflow),
  constraint workflow_triggers_kind_check check (kind in ('signal', 'webhook'))
);

comment on table enginejs.workflow_triggers is 'Signals and webhooks that start workflows.';

-- Requests that were taken in, by the ids that their senders gave: the same one comes again where its answer was lost.
create table if not exists enginejs.workflow_deliveries (
  webhook text not null,
  delivery text not null,
  received_at timestamptz not null default clock_timestamp(),
  constraint workflow_deliveries_pkey primary key (webhook, delivery)
);

create index if not exists workflow_deliveries_received_at_idx on enginejs.workflow_deliveries using brin (received_at);

comment on table enginejs.workflow_deliveries is 'Requests of webhooks that were taken in, each once.';

reset role;
