-- A payload of the event log under the names of the API; what has none is left out.
set role enginejs_writer;
create or replace function enginejs.webhook_fields(payload jsonb, fields jsonb) returns jsonb
language sql immutable parallel safe set search_path = ''
return (
  select coalesce(jsonb_object_agg(f.name, payload -> f.column_name), '{}')
  from jsonb_each_text(fields) as f (column_name, name)
  where payload ? f.column_name
);
revoke execute on function enginejs.webhook_fields(jsonb, jsonb) from public;
reset role;
