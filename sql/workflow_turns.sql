-- Runs that have to wait for their turn: of workflows that are ordered, limited, debounced or have a priority. Such a run is
-- made parked (workflow_runs_parked) and has a row here until it is done or cancelled; other workflows have none, and no cost.
set role enginejs_writer;

create table if not exists enginejs.workflow_turns (
  run_id uuid not null,
  workflow text not null,
  event_id bigint not null,
  segment int not null,
  model text not null,
  record_id uuid not null,
  -- blocked: another one of its key comes first; held: the first of its key, and waits for a limit or a time;
  -- begun: it runs, or waits for what its own steps wait for; halted: it has failed, and those after it wait for somebody;
  -- failed: nobody waits for it, but when it is tried again it takes its turn like any other, by these keys.
  state text not null,
  order_key text,
  -- '' where all runs of the workflow share the limit.
  concurrency_key text not null default '',
  rate_key text not null default '',
  debounce_key text,
  -- Debounced: when the first of the events was written whose place this one has taken.
  first_at timestamptz,
  -- Of the jobs that ring for it: the smaller, the sooner.
  priority int,
  -- Not before.
  ready_at timestamptz not null default clock_timestamp(),
  constraint workflow_turns_pkey primary key (run_id),
  constraint workflow_turns_state_check check (state in ('blocked', 'held', 'begun', 'halted', 'failed'))
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

create index if not exists workflow_turns_order_key_idx on enginejs.workflow_turns (workflow, order_key, event_id)
  where order_key is not null;
create index if not exists workflow_turns_state_idx on enginejs.workflow_turns (workflow, concurrency_key, state, event_id);
create index if not exists workflow_turns_ready_at_idx on enginejs.workflow_turns (ready_at) where state = 'held';
-- All but the dead letters, which may be many: what the loop looks through.
create index if not exists workflow_turns_live_idx on enginejs.workflow_turns (workflow, event_id) where state <> 'failed';
create unique index if not exists workflow_turns_debounce_key on enginejs.workflow_turns (workflow, debounce_key)
  where debounce_key is not null and state in ('blocked', 'held');

comment on table enginejs.workflow_turns is 'Runs that wait for their turn, and those whose turn it is.';

-- When runs of workflows with a rate have begun, as long as that counts.
create table if not exists enginejs.workflow_turn_starts (
  workflow text not null,
  rate_key text not null,
  begun_at timestamptz not null default clock_timestamp()
);

create index if not exists workflow_turn_starts_idx on enginejs.workflow_turn_starts (workflow, rate_key, begun_at);

comment on table enginejs.workflow_turn_starts is 'Recent starts of runs that have a rate.';

reset role;
