-- What is posted to webhook endpoints. A message is one event's body, made once, in the relay's transaction: each attempt at
-- each endpoint sends these very bytes, also after the event's segment was dropped or a build has renamed a field. A
-- delivery is a message on its way to one endpoint.
set role enginejs_writer;

create table if not exists enginejs.webhook_messages (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  -- Null: a test.
  event_id bigint,
  type text not null,
  body text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint webhook_messages_pkey primary key (id),
  constraint webhook_messages_tenant_id_key unique (tenant_id, id),
  constraint webhook_messages_event_id_key unique (event_id)
);
create index if not exists webhook_messages_created_at_idx on enginejs.webhook_messages (created_at);

comment on table enginejs.webhook_messages is 'Bodies of webhooks, one per event that some endpoint wants.';

create table if not exists enginejs.webhook_deliveries (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  endpoint_id uuid not null,
  message_id uuid not null,
  -- `failed`: a dead letter, until somebody delivers it again.
  status text not null default 'pending',
  -- Since it was made, or delivered again.
  attempts int not null default 0,
  -- Of a pending one: not before.
  next_attempt_at timestamptz not null default clock_timestamp(),
  -- The worker that is posting it, and when others may take it although that one lives.
  worker int,
  leased_until timestamptz,
  -- Of the last attempt. The answer is cut after 1 KB.
  last_attempt_at timestamptz,
  last_status int,
  last_error text,
  last_duration_ms int,
  last_answer text,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint webhook_deliveries_pkey primary key (id),
  -- Exactly one per event and endpoint: a message is one event.
  constraint webhook_deliveries_message_id_endpoint_id_key unique (tenant_id, message_id, endpoint_id),
  constraint webhook_deliveries_endpoint_id_fkey foreign key (tenant_id, endpoint_id)
    references enginejs.webhook_endpoints (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_message_id_fkey foreign key (tenant_id, message_id)
    references enginejs.webhook_messages (tenant_id, id),
  constraint webhook_deliveries_status_check check (status in ('pending', 'delivered', 'failed')),
  constraint webhook_deliveries_finished_at_check check ((finished_at is null) = (status = 'pending'))
) with (
  -- Each row is updated at least twice.
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
);
-- What is due, endpoint by endpoint: enginejs.webhook_claim() hops from one endpoint to the next.
create index if not exists webhook_deliveries_due_idx on enginejs.webhook_deliveries (endpoint_id, next_attempt_at)
  where status = 'pending' and worker is null;
create index if not exists webhook_deliveries_worker_idx on enginejs.webhook_deliveries (endpoint_id) where worker is not null;
create index if not exists webhook_deliveries_failed_idx on enginejs.webhook_deliveries (endpoint_id, finished_at) where status = 'failed';
create index if not exists webhook_deliveries_endpoint_id_idx on enginejs.webhook_deliveries (tenant_id, endpoint_id, created_at, id);
create index if not exists webhook_deliveries_tenant_id_idx on enginejs.webhook_deliveries (tenant_id, created_at, id);
create index if not exists webhook_deliveries_finished_at_idx on enginejs.webhook_deliveries (status, finished_at) where status <> 'pending';

comment on table enginejs.webhook_deliveries is 'Messages on their way to webhook endpoints, and what became of them.';

reset role;
