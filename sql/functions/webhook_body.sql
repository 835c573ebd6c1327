-- The body of a webhook, as Standard Webhooks have it: {"type", "timestamp", "data"}.
set role enginejs_writer;
create or replace function enginejs.webhook_body(type text, at timestamptz, data jsonb) returns text
language sql stable set search_path = ''
return json_build_object(
  'type', type, 'timestamp', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'data', data
)::text;
revoke execute on function enginejs.webhook_body(text, timestamptz, jsonb) from public;
reset role;
