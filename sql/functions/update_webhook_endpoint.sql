-- For managers: changes what `change` has of `url`, `events` (null: all), `description`, `enabled`; the rest stays. One that
-- is switched on again begins without its failures; what became a dead letter meanwhile, redeliver_failed_webhooks brings.
-- Raises EJ404, and EJ422 for what no endpoint can have.
set role enginejs_writer;
create or replace function enginejs.update_webhook_endpoint(endpoint uuid, change jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  chosen text[] := found_endpoint.events;
begin
  if change ? 'events' then
    if jsonb_typeof(change -> 'events') not in ('array', 'null') then
      raise exception 'events is a list of names, or null for all' using errcode = 'EJ422';
    end if;
    select array_agg(distinct e.type order by e.type) into chosen
    from jsonb_array_elements_text(case jsonb_typeof(change -> 'events') when 'array' then change -> 'events' end) as e (type);
    if change -> 'events' = '[]' then
      chosen := '{}';
    end if;
  end if;
  if change ? 'url' and change ->> 'url' is null or change ? 'enabled' and jsonb_typeof(change -> 'enabled') <> 'boolean' then
    raise exception 'an endpoint has a URL, and is enabled or not' using errcode = 'EJ422';
  end if;
  perform enginejs.webhook_check(
    coalesce(change ->> 'url', found_endpoint.url), case when change ? 'events' then chosen end, change ->> 'description');
  update enginejs.webhook_endpoints n
  set url = coalesce(change ->> 'url', n.url),
    events = chosen,
    description = case when change ? 'description' then nullif(change ->> 'description', '') else n.description end,
    enabled = x.enabled,
    disabled_reason = case when not x.enabled then coalesce(n.disabled_reason, 'manual') end,
    failing_since = case when n.enabled then n.failing_since end,
    updated_at = clock_timestamp()
  from (select coalesce((change -> 'enabled')::boolean, found_endpoint.enabled) as enabled) x
  where n.id = endpoint
  returning n.* into found_endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint);
end
$$;
revoke execute on function enginejs.update_webhook_endpoint(uuid, jsonb) from public;
grant execute on function enginejs.update_webhook_endpoint(uuid, jsonb) to enginejs_owner, enginejs_user;
reset role;
