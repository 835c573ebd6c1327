-- An endpoint for those who manage it: everything but what signs.
set role enginejs_writer;
create or replace function enginejs.webhook_describe_endpoint(of enginejs.webhook_endpoints) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'id', (of).id, 'tenant', (of).tenant_id, 'url', (of).url, 'events', to_jsonb((of).events), 'description', (of).description,
  'enabled', (of).enabled, 'disabledReason', (of).disabled_reason, 'failingSince', (of).failing_since,
  'previousSecretUntil', case when (of).previous_until > clock_timestamp() then (of).previous_until end,
  'createdAt', (of).created_at, 'updatedAt', (of).updated_at
);
revoke execute on function enginejs.webhook_describe_endpoint(enginejs.webhook_endpoints) from public;
reset role;
