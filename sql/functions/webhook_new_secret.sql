-- A secret that signs: `whsec_` and base64 of 32 bytes, made of three random uuids of 122 bits each.
set role enginejs_writer;
create or replace function enginejs.webhook_new_secret() returns text
language sql volatile set search_path = ''
return 'whsec_' || encode(
  sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64');
revoke execute on function enginejs.webhook_new_secret() from public;
reset role;
