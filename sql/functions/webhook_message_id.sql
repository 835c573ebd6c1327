-- A message's id as receivers see it, in the header webhook-id: without full stops, which part what is signed.
set role enginejs_writer;
create or replace function enginejs.webhook_message_id(of uuid) returns text
language sql immutable parallel safe set search_path = ''
return 'msg_' || replace(of::text, '-', '');
revoke execute on function enginejs.webhook_message_id(uuid) from public;
reset role;
