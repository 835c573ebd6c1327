-- Queues as the newest build declares them: who may publish, and what a message is. enginejs.workflow_register() keeps them in
-- step. A message is an event of the model `queue:<name>` and the action `message`; its consumers are subscriptions to it.
set role enginejs_writer;

create table if not exists enginejs.workflow_queues (
  name text not null,
  -- JSON Schema of a message; null: anything.
  message jsonb,
  -- The tenant's roles that may publish by enginejs.publish; null: the platform alone.
  publishers text[],
  constraint workflow_queues_pkey primary key (name)
);

comment on table enginejs.workflow_queues is 'Queues, as the newest build declares them.';

-- Messages of queues that no workflow receives from yet: they wait for the first build that has one.
create table if not exists enginejs.workflow_messages_kept (
  event_id bigint not null,
  segment int not null,
  queue text not null,
  constraint workflow_messages_kept_pkey primary key (event_id)
);

comment on table enginejs.workflow_messages_kept is 'Messages that wait for a workflow which receives from their queue.';

reset role;
