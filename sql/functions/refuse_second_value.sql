-- Row trigger 11_write_once: refuses an update that gives a column another value than the one it has. The trigger's
-- WHEN condition says which, so that the function runs only to refuse. Arguments: pairs of a column and of what a
-- person calls it: ('iban', 'Supplier.iban').
set role enginejs_reader;
create or replace function enginejs.refuse_second_value() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  before constant jsonb := to_jsonb(old);
  after constant jsonb := to_jsonb(new);
begin
  for i in 0 .. tg_nargs - 1 by 2 loop
    if before -> tg_argv[i] is distinct from after -> tg_argv[i] and before ->> tg_argv[i] is not null then
      raise exception using
        errcode = 'EJ422',
        message = format('%s has a value, which stays', tg_argv[i + 1]),
        column = tg_argv[i], table = tg_table_name, schema = tg_table_schema;
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function enginejs.refuse_second_value() from public;
grant execute on function enginejs.refuse_second_value() to enginejs_owner;
reset role;
