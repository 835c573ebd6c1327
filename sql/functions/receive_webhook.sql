-- Takes in a request of a webhook whose signature the server has checked: starts the workflows of that name, each with the body as
-- its input, once for each id that the sender gave. Returns how many it started: 0 for an id that was there before, null where it was
-- signed longer ago (or ahead) than is tolerated, by this database's clock. For the
-- server's login alone. Raises EJ404 where the newest build has no such webhook.
set role enginejs_writer;
create or replace function enginejs.receive_webhook(
  webhook text, delivery text, body jsonb, signed_at timestamptz default null, tolerance interval default null
) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted text;
  started int := 0;
begin
  if signed_at not between clock_timestamp() - tolerance and clock_timestamp() + tolerance then
    return null;
  end if;
  insert into enginejs.workflow_deliveries (webhook, delivery) values (receive_webhook.webhook, receive_webhook.delivery)
  on conflict do nothing;
  if not found then
    return 0;
  end if;
  for wanted in
    select t.workflow from enginejs.workflow_triggers t
    where t.kind = 'webhook' and t.name = receive_webhook.webhook order by t.workflow
  loop
    perform enginejs.workflow_start(wanted, body, null, null,
      jsonb_build_object('requestId', webhook || ':' || delivery, 'depth', 0));
    started := started + 1;
  end loop;
  if started = 0 then
    raise exception 'there is no webhook "%"', webhook using errcode = 'EJ404';
  end if;
  return started;
end
$$;
revoke execute on function enginejs.receive_webhook(text, text, jsonb, timestamptz, interval) from public;
grant execute on function enginejs.receive_webhook(text, text, jsonb, timestamptz, interval) to enginejs_owner;
reset role;
