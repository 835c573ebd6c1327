-- Of a payload of more than 64 KB, the values that are small: what a trigger's condition and the keys of turns are evaluated
-- over, where `before` and `after` hold the key alone. A value of more than 1 KB is null to them, and so is what does not fit into
-- 16 KB, the smallest first: an event stays small, however many columns a table has.
set role enginejs_writer;
create or replace function enginejs.emit_small(payload jsonb) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(v.key, v.value)
  from (
    select e.key, e.value, sum(pg_column_size(e.value)) over (order by pg_column_size(e.value), e.key) as so_far
    from jsonb_each(payload) as e
    where pg_column_size(e.value) <= 1024
  ) as v
  where v.so_far <= 16384
);
revoke execute on function enginejs.emit_small(jsonb) from public;
reset role;
