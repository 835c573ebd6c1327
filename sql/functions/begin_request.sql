-- Starts every database step of a request, inside its transaction: role, claims and time limit, all
-- of them gone when the transaction ends. The one place to change for servers that need another way.
--
-- No definer's function: those may not change the role. For logins only, never for an actor role:
-- whoever may call it chooses who he is. Logins get it by enginejs.admit_login().
--
-- A tenant of which the actor is no member is not set at all, so that nothing of it is visible.
-- enginejs_system acts for the platform: it is a member nowhere, and the tenant is set as given.
--
-- `request` is what the server knows of the call: {"origin", "ip"}, and "kind" where no person with a token acts:
-- "service" for a service account, "key" for a person by an API key; and "traceparent", which events carry on. Nothing else of it counts.
set role enginejs_owner;
create or replace function enginejs.begin_request(
  role text,
  actor uuid,
  tenant uuid,
  claims jsonb,
  statement_timeout_ms int,
  request_id text,
  request jsonb default null
) returns void
language plpgsql volatile parallel unsafe
as $$
declare
  roles text[];
  kind text;
begin
  if role is null or role not in ('enginejs_anonymous', 'enginejs_user', 'enginejs_system') then
    raise exception 'begin_request: % is not a role that a request can have', coalesce(quote_literal(role), 'null')
      using errcode = 'insufficient_privilege';
  end if;
  kind := case
    when role = 'enginejs_system' then 'system'
    when role = 'enginejs_anonymous' or actor is null then 'anonymous'
    else coalesce(request ->> 'kind', 'user')
  end;
  if role = 'enginejs_user' and request ->> 'kind' not in ('user', 'service', 'key') then
    raise exception 'begin_request: % is not a kind of actor that a request can have', quote_literal(request ->> 'kind')
      using errcode = 'insufficient_privilege';
  end if;
  if role = 'enginejs_user' and actor is not null then
    roles := enginejs.membership_roles(actor, tenant);
  end if;
  if roles is null and role <> 'enginejs_system' then
    tenant := null;
  end if;
  -- The role comes last: afterwards this login's own rights are gone.
  perform
    pg_catalog.set_config('enginejs.actor_kind', kind, true),
    pg_catalog.set_config('enginejs.actor_id', coalesce(actor::text, ''), true),
    pg_catalog.set_config('enginejs.tenant_id', coalesce(tenant::text, ''), true),
    pg_catalog.set_config('enginejs.roles', coalesce(roles::text, '{}'), true),
    pg_catalog.set_config('enginejs.claims', coalesce(claims::text, ''), true),
    pg_catalog.set_config('enginejs.request_id', coalesce(request_id, ''), true),
    pg_catalog.set_config('enginejs.request', coalesce(request::text, ''), true),
    case when request ? 'traceparent'
      then pg_catalog.set_config('enginejs.traceparent', request ->> 'traceparent', true) end,
    case when statement_timeout_ms is not null
      then pg_catalog.set_config('statement_timeout', statement_timeout_ms::text, true) end,
    pg_catalog.set_config('role', role, true);
end
$$;
revoke execute on function enginejs.begin_request(text, uuid, uuid, jsonb, int, text, jsonb) from public;
reset role;
