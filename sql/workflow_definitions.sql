-- Workflows as the builds declared them. A run keeps the definition that it started with; a changed one is a new row.
set role enginejs_writer;

create table if not exists enginejs.workflow_definitions (
  id int generated always as identity,
  name text not null,
  -- SHA-256 of the definition's text.
  hash text not null,
  definition jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint workflow_definitions_pkey primary key (id),
  constraint workflow_definitions_name_hash_key unique (name, hash)
);

comment on table enginejs.workflow_definitions is 'Every definition of a workflow that was ever built here.';

-- Which events start which workflow now; enginejs.workflow_register() keeps it in step with the newest build.
create table if not exists enginejs.workflow_subscriptions (
  model text not null,
  action text not null,
  workflow text not null,
  -- Null: webhooks want the event (the workflow's name is `@webhooks`), see functions/webhook_deliver.sql.
  definition_id int,
  -- A condition, or the keys of what has turns, are evaluated by the relay; otherwise the event's model and action decide.
  conditional boolean not null,
  -- Its events are kept until it goes on: see workflow_pauses.sql.
  paused boolean not null default false,
  constraint workflow_subscriptions_pkey primary key (model, action, workflow),
  constraint workflow_subscriptions_definition_id_fkey foreign key (definition_id) references enginejs.workflow_definitions (id)
);

comment on table enginejs.workflow_subscriptions is 'Which events start which workflow, as the newest build says.';

reset role;
