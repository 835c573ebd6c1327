-- The tenant that an event belongs to: its actor's, else its row's. Null for none.
set role enginejs_writer;
create or replace function enginejs.workflow_event_tenant(actor jsonb, before jsonb, after jsonb) returns uuid
language sql immutable parallel safe
return coalesce(actor ->> 'tenant', after ->> 'tenant_id', before ->> 'tenant_id')::uuid;
revoke execute on function enginejs.workflow_event_tenant(jsonb, jsonb, jsonb) from public;
reset role;
