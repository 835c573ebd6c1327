-- For managers: a delivery is posted again at once, with the same id and body and all its attempts before it: a dead letter, one that
-- has succeeded, or one that waits for its next attempt. Raises EJ404, and EJ409 where its endpoint is off or it is being posted.
set role enginejs_writer;
create or replace function enginejs.redeliver_webhook(delivery uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach();
  found_delivery record;
begin
  select d.id, d.tenant_id, d.endpoint_id, n.enabled into found_delivery
  from enginejs.webhook_deliveries d join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  where d.id = delivery and n.deleted_at is null and (reach is null or d.tenant_id = reach)
  for no key update of n;
  if not found then
    raise exception 'there is no delivery %', delivery using errcode = 'EJ404';
  end if;
  if not found_delivery.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  update enginejs.webhook_deliveries d
  set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), finished_at = null
  where d.id = delivery and d.worker is null;
  if not found then
    raise exception 'the delivery is being posted' using errcode = 'EJ409';
  end if;
  perform enginejs.webhook_note('redeliver', found_delivery.tenant_id,
    jsonb_build_object('delivery', delivery, 'endpoint', found_delivery.endpoint_id));
  return enginejs.webhook_describe_delivery(delivery);
end
$$;
revoke execute on function enginejs.redeliver_webhook(uuid) from public;
grant execute on function enginejs.redeliver_webhook(uuid) to enginejs_owner, enginejs_user;
reset role;
