-- For managers: the endpoints of their tenant, by URL.
set role enginejs_writer;
create or replace function enginejs.list_webhook_endpoints(of_tenant uuid default null) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
begin
  return query
    select enginejs.webhook_describe_endpoint(n) from enginejs.webhook_endpoints n
    where n.deleted_at is null and (reach is null or n.tenant_id = reach)
    order by n.url, n.id;
end
$$;
revoke execute on function enginejs.list_webhook_endpoints(uuid) from public;
grant execute on function enginejs.list_webhook_endpoints(uuid) to enginejs_owner, enginejs_user;
reset role;
