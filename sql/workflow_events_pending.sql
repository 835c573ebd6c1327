-- What the relay has not seen yet: narrow rows, taken by delete. A status column of the log itself would leave a dead
-- version of every payload behind, and its updates write the payload's WAL a second time.
set role enginejs_writer;

create table if not exists enginejs.workflow_events_pending (
  event_id bigint not null,
  segment int not null,
  model text not null,
  action text not null,
  -- Null: every workflow that subscribes. Otherwise those whose condition failed with an error so far.
  workflows text[],
  attempts int not null default 0,
  next_run_at timestamptz,
  error text,
  constraint workflow_events_pending_pkey primary key (event_id)
) with (
  -- A queue: as many dead rows as living ones, so vacuum often and without pauses.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);

comment on table enginejs.workflow_events_pending is 'Events that wait for the relay.';

-- Events that the relay gave up: the condition of a workflow could not be evaluated, again and again.
create table if not exists enginejs.workflow_events_failed (
  event_id bigint not null,
  segment int not null,
  workflows text[],
  attempts int not null,
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  constraint workflow_events_failed_pkey primary key (event_id)
);

comment on table enginejs.workflow_events_failed is 'Events that could not be matched with the workflows named; the reason is in error.';

reset role;
