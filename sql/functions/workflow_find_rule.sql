-- The function that says who may decide, by the name that the definition of a run gives it (src/dsl-to-sql/approval-function.ts):
-- that of the newest build, else one that was put away for older runs; null where there is none. The owner and the
-- type keep a name from meaning any other function.
set role enginejs_reader;
create or replace function enginejs.workflow_find_rule(rule text) returns regproc
language sql stable set search_path = ''
begin atomic
  select p.oid::regproc
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.proname = workflow_find_rule.rule and starts_with(workflow_find_rule.rule, 'may_decide_')
    and pg_get_userbyid(p.proowner) = 'enginejs_reader' and p.prorettype = 'boolean'::regtype
    and p.pronargs = 1 and p.proargtypes[0] = 'jsonb'::regtype
  order by n.nspname = 'enginejs', n.nspname
  limit 1;
end;
revoke execute on function enginejs.workflow_find_rule(text) from public;
grant execute on function enginejs.workflow_find_rule(text) to enginejs_writer;
reset role;
