-- Webhooks out: what the newest build offers, and where tenants want it posted. Nothing here is granted to actors: they
-- come through definers' functions (create_webhook_endpoint and so on), which ask for a role that the config names.
set role enginejs_writer;

-- Events that endpoints may choose, as the newest build says: kept by enginejs.webhook_register().
create table if not exists enginejs.webhook_events (
  model text not null,
  -- As the event log has it: `create`, or an action's name.
  action text not null,
  -- As receivers know it: `Invoice.created`, `Invoice.pay`.
  type text not null,
  -- Whether the record is the tenant itself.
  is_tenant boolean not null,
  -- Columns by name, each with its name in the API: {"customer_id": "customerId"}. Others enter no body.
  fields jsonb not null,
  constraint webhook_events_pkey primary key (model, action),
  constraint webhook_events_type_key unique (type)
);

comment on table enginejs.webhook_events is 'Events that webhook endpoints may choose, as the newest build says.';

create table if not exists enginejs.webhook_settings (
  -- Roles whose members manage the endpoints of their tenant.
  managers text[] not null,
  -- Hosts that may have a private address, and that may be asked without TLS.
  private_hosts text[] not null
);

comment on table enginejs.webhook_settings is 'Who manages webhook endpoints, as the newest build says: one row, or none.';

create table if not exists enginejs.webhook_endpoints (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  url text not null,
  -- Types of events; null for all that are offered, also those that later builds add.
  events text[],
  description text,
  enabled boolean not null default true,
  -- Why it is off: `manual`, `gone` (it has answered 410), `failing` (days without a success), `deleted`.
  disabled_reason text,
  -- The first failure since the last success.
  failing_since timestamptz,
  -- What signs, as Standard Webhooks have it: `whsec_` and base64 of 32 random bytes. Readable by enginejs_writer alone.
  secret text not null,
  -- The one before; signs as well until then.
  secret_previous text,
  previous_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- Seen by nobody any more; webhook_maintain() takes it away when its deliveries are gone. A delete with all of them would keep its
  -- row locked meanwhile, and the relay, which refers to it, waiting.
  deleted_at timestamptz,
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_tenant_id_key unique (tenant_id, id),
  constraint webhook_endpoints_deleted_at_check check (deleted_at is null or not enabled),
  constraint webhook_endpoints_disabled_reason_check check ((disabled_reason is null) = enabled),
  constraint webhook_endpoints_previous_check check ((secret_previous is null) = (previous_until is null))
);

comment on table enginejs.webhook_endpoints is 'Where tenants want their events posted.';

reset role;
