-- For managers: a new endpoint. `events` null: all that are offered. Returns it with its secret, this once.
-- Raises EJ422 for what cannot be one, EJ409 where the tenant has 100 already.
set role enginejs_writer;
create or replace function enginejs.create_webhook_endpoint(
  url text, events text[] default null, description text default null, of_tenant uuid default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
  made enginejs.webhook_endpoints;
begin
  if reach is null then
    raise exception 'an endpoint belongs to a tenant' using errcode = 'EJ422';
  end if;
  if url is null then
    raise exception 'an endpoint has a URL' using errcode = 'EJ422';
  end if;
  perform enginejs.webhook_check(url, events, description);
  if (select count(*) >= 100 from enginejs.webhook_endpoints n where n.tenant_id = reach and n.deleted_at is null) then
    raise exception 'a tenant has 100 endpoints at most' using errcode = 'EJ409';
  end if;
  insert into enginejs.webhook_endpoints (tenant_id, url, events, description, secret)
  values (reach, url, (select array_agg(distinct e.type order by e.type) from unnest(events) as e (type)),
    nullif(description, ''), enginejs.webhook_new_secret())
  returning * into made;
  return enginejs.webhook_describe_endpoint(made) || jsonb_build_object('secret', made.secret);
end
$$;
revoke execute on function enginejs.create_webhook_endpoint(text, text[], text, uuid) from public;
grant execute on function enginejs.create_webhook_endpoint(text, text[], text, uuid) to enginejs_owner, enginejs_user;
reset role;
