-- Row trigger 10_immutable: refuses an update that changes one of the columns in its arguments. The trigger's
-- WHEN condition says which, so that the function runs only to refuse.
set role enginejs_reader;
create or replace function enginejs.refuse_change() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  before constant jsonb := to_jsonb(old);
  after constant jsonb := to_jsonb(new);
  name text;
begin
  foreach name in array tg_argv loop
    if before -> name is distinct from after -> name then
      raise exception using
        errcode = 'EJ422',
        message = format('%s.%s never changes', tg_table_name, name),
        column = name, table = tg_table_name, schema = tg_table_schema;
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function enginejs.refuse_change() from public;
grant execute on function enginejs.refuse_change() to enginejs_owner;
reset role;
