-- The event log: what happened, written once by the emit triggers in the writer's own transaction, never updated.
-- Whether an event still waits for the relay is a row of enginejs.workflow_events_pending, what came of it are
-- its runs; enginejs.workflow_events_outbox shows all of it as one.
set role enginejs_writer;

create sequence if not exists enginejs.workflow_event_ids;

create table if not exists enginejs.workflow_events (
  segment int not null,
  -- Ids commit out of order: nothing may conclude from a greater one that a smaller one was seen.
  id bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  -- The entity's name, `Invoice`.
  model text not null,
  -- `create`, `update`, `delete`, or the name of the action that updated.
  action text not null,
  record_id uuid not null,
  -- Stored columns by their column names.
  before jsonb,
  after jsonb,
  -- Of an update: the columns whose value changed.
  changed text[],
  -- What the action was called with.
  input jsonb,
  -- {"kind", "id", "tenant"}; null for a writer that is no actor, such as a person in psql.
  actor jsonb,
  -- {"requestId", "runId", "depth"}; null where there is neither request nor run.
  origin jsonb,
  -- True: the payload was larger than 64 KB, before and after hold the key only.
  truncated boolean not null default false,
  -- Of a truncated one: {"before", "after"} with the values that are small, for conditions and keys. See emit_small.
  small_values jsonb,
  constraint workflow_events_pkey primary key (id, segment)
) partition by list (segment);

comment on table enginejs.workflow_events is 'The log of events. Read enginejs.workflow_events_outbox for their status.';

reset role;
