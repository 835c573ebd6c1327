-- For managers: deliveries of their tenant, the newest first, one page. `after`: the last one of the page before.
set role enginejs_writer;
create or replace function enginejs.list_webhook_deliveries(
  of_endpoint uuid default null, in_status text default null, since timestamptz default null, of_tenant uuid default null,
  first int default 50, after uuid default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
begin
  return query
    select enginejs.webhook_describe_delivery(d.id)
    from enginejs.webhook_deliveries d
    join enginejs.webhook_endpoints n on n.id = d.endpoint_id and n.deleted_at is null
    where (reach is null or d.tenant_id = reach)
      and (of_endpoint is null or d.endpoint_id = of_endpoint)
      and (in_status is null or d.status = in_status)
      and (list_webhook_deliveries.since is null or d.created_at >= list_webhook_deliveries.since)
      and (list_webhook_deliveries.after is null or (d.created_at, d.id) < (
        select x.created_at, x.id from enginejs.webhook_deliveries x where x.id = list_webhook_deliveries.after))
    order by d.created_at desc, d.id desc
    limit least(greatest(coalesce(first, 50), 0), 1000);
end
$$;
revoke execute on function enginejs.list_webhook_deliveries(uuid, text, timestamptz, uuid, int, uuid) from public;
grant execute on function enginejs.list_webhook_deliveries(uuid, text, timestamptz, uuid, int, uuid) to enginejs_owner, enginejs_user;
reset role;
