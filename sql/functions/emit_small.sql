-- Of a payload of more than 64 KB, the values that are small: what a trigger's condition and the keys of turns are evaluated
-- over, where `before` and `after` hold the key alone. A value of more than 1 KB is null to them.
set role enginejs_writer;
create or replace function enginejs.emit_small(payload jsonb) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(v.key, v.value)
  from jsonb_each(payload) as v
  where pg_column_size(v.value) <= 1024
);
revoke execute on function enginejs.emit_small(jsonb) from public;
reset role;
