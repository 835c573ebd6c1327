-- Statement trigger: what is recorded stays. Refuses also the owner, whom no right stops.
set role enginejs_owner;
create or replace function enginejs.refuse_rewriting() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s: %s is refused, the table records what administrators do', tg_table_schema, tg_table_name, lower(tg_op)),
    table = tg_table_name, schema = tg_table_schema;
end
$$;
revoke execute on function enginejs.refuse_rewriting() from public;

create or replace trigger refuse_rewriting before update or delete or truncate on enginejs.administration_log
  for each statement execute function enginejs.refuse_rewriting();
-- Row triggers do not see a truncate: what is granted would end without a record.
create or replace trigger refuse_rewriting before truncate on enginejs.feature_flags
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.service_accounts
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.api_keys
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.role_grants
  for each statement execute function enginejs.refuse_rewriting();
reset role;
