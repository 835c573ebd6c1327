-- Workflows that somebody has paused: they start no runs, and what is queued of them waits. The relay knows by
-- workflow_subscriptions.paused, which it reads anyway; runs are kept where they are rung for (functions/workflow_ring_for.sql).
set role enginejs_writer;

create table if not exists enginejs.workflow_pauses (
  workflow text not null,
  reason text,
  since timestamptz not null default clock_timestamp(),
  constraint workflow_pauses_pkey primary key (workflow)
);

comment on table enginejs.workflow_pauses is 'Workflows that are paused, and why.';

-- Events that a paused workflow will want when it goes on: the relay took them for the others, or for nobody.
create table if not exists enginejs.workflow_events_held (
  event_id bigint not null,
  segment int not null,
  workflow text not null,
  constraint workflow_events_held_pkey primary key (event_id, workflow)
);

-- What ends a pause finds its events by it, and so does whoever looks whether one was forgotten (workflow_settle_pauses).
create index if not exists workflow_events_held_workflow_idx on enginejs.workflow_events_held (workflow);

comment on table enginejs.workflow_events_held is 'Events that wait for a workflow which is paused.';

reset role;
