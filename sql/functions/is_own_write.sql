-- Whether the transaction that is under way wrote a row version, by its `xmin`: also in a savepoint, which has a number of its
-- own behind the transaction's. Asked of rows that the statement sees only: of what is in progress, one sees nothing but one's own.
set role enginejs_reader;
create or replace function enginejs.is_own_write(writer xid) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  own constant bigint := pg_catalog.pg_current_xact_id()::text::bigint;
  -- How many numbers later, in the circle of 2^32 that xmin counts in.
  later constant bigint := (writer::text::bigint - own) & 4294967295;
begin
  if later = 0 then
    return true;
  elsif later >= 2147483648 then
    return false;
  end if;
  begin
    return coalesce(pg_catalog.pg_xact_status((own + later)::text::xid8) = 'in progress', false);
  exception
    -- A number that nobody has yet: the row is frozen, its xmin from the round before.
    when invalid_parameter_value then
      return false;
  end;
end
$$;
revoke execute on function enginejs.is_own_write(xid) from public;
grant execute on function enginejs.is_own_write(xid)
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system;
reset role;
