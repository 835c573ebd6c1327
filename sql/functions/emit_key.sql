-- What is left of a payload of more than 64 KB: the columns of the primary key.
set role enginejs_writer;
create or replace function enginejs.emit_key(payload jsonb, arguments text[]) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(k.name, payload -> k.name)
  from unnest(arguments) with ordinality as k (name, position)
  where k.position > 1
);
revoke execute on function enginejs.emit_key(jsonb, text[]) from public;
reset role;
