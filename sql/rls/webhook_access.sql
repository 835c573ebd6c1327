-- The tables of webhooks belong to enginejs_writer, which the worker's login inherits. Actors get nothing: no grant, so
-- no policy is needed; what they may see and do of their own tenant, definers' functions show and do. Whoever builds may look,
-- but not at what signs.
set role enginejs_writer;
revoke all on
  enginejs.webhook_events, enginejs.webhook_settings, enginejs.webhook_endpoints, enginejs.webhook_messages, enginejs.webhook_deliveries
from public;
grant select on enginejs.webhook_events, enginejs.webhook_settings, enginejs.webhook_messages, enginejs.webhook_deliveries
to enginejs_owner;
grant select (
  id, tenant_id, url, events, description, enabled, disabled_reason, failing_since, previous_until, created_at, updated_at
) on enginejs.webhook_endpoints to enginejs_owner;
reset role;
