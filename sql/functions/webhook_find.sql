-- The endpoint, locked, where the caller manages it; else EJ404, as for one that is not there.
set role enginejs_writer;
create or replace function enginejs.webhook_find(endpoint uuid) returns enginejs.webhook_endpoints
language plpgsql volatile set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach();
  found_endpoint enginejs.webhook_endpoints;
begin
  select n.* into found_endpoint from enginejs.webhook_endpoints n
  where n.id = endpoint and n.deleted_at is null and (reach is null or n.tenant_id = reach)
  for no key update;
  if not found then
    raise exception 'there is no webhook endpoint %', endpoint using errcode = 'EJ404';
  end if;
  return found_endpoint;
end
$$;
revoke execute on function enginejs.webhook_find(uuid) from public;
reset role;
