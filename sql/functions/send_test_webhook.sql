-- For managers: a message of the type `webhook.test` goes to the endpoint, as any other. Returns the delivery. Raises EJ404, and EJ409
-- where the endpoint is off, or was tested ten times in the last minute.
set role enginejs_writer;
create or replace function enginejs.send_test_webhook(endpoint uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  made uuid;
begin
  if not found_endpoint.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  if (
    select count(*) >= 10 from enginejs.webhook_deliveries d join enginejs.webhook_messages m on m.id = d.message_id
    where d.tenant_id = found_endpoint.tenant_id and d.endpoint_id = endpoint and d.created_at > clock_timestamp() - interval '1 minute' and m.event_id is null
  ) then
    raise exception 'ten tests a minute are enough' using errcode = 'EJ409';
  end if;
  with message as (
    insert into enginejs.webhook_messages (tenant_id, type, body)
    values (found_endpoint.tenant_id, 'webhook.test',
      enginejs.webhook_body('webhook.test', clock_timestamp(), jsonb_build_object('endpoint', endpoint)))
    returning id
  )
  insert into enginejs.webhook_deliveries as d (tenant_id, endpoint_id, message_id)
  select found_endpoint.tenant_id, endpoint, m.id from message m
  returning d.id into made;
  perform enginejs.webhook_note('test', found_endpoint.tenant_id, jsonb_build_object('endpoint', endpoint));
  return enginejs.webhook_describe_delivery(made);
end
$$;
revoke execute on function enginejs.send_test_webhook(uuid) from public;
grant execute on function enginejs.send_test_webhook(uuid) to enginejs_owner, enginejs_user;
reset role;
