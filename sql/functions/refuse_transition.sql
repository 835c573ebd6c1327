-- Row trigger 30_transition: refuses a change of state that no action declares. The trigger's WHEN condition holds
-- the transitions that pass, so that the function runs only to refuse. Arguments: the state's column, and what
-- follows each state as JSON: {"draft": ["sent", "void"], "sent": ["paid", "void"]}.
set role enginejs_reader;
create or replace function enginejs.refuse_transition() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  name constant text := tg_argv[0];
  before constant text := to_jsonb(old) ->> name;
  after constant text := to_jsonb(new) ->> name;
  allowed constant jsonb := coalesce(tg_argv[1]::jsonb -> before, '[]');
begin
  raise exception using
    errcode = 'EJ409',
    message = format('%s.%s cannot change from "%s" to "%s"', tg_table_name, name, before, after),
    detail = jsonb_build_object('from', before, 'allowed', allowed),
    column = name, table = tg_table_name, schema = tg_table_schema;
end
$$;
revoke execute on function enginejs.refuse_transition() from public;
grant execute on function enginejs.refuse_transition() to enginejs_owner;
reset role;
