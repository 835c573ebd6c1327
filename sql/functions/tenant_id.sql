-- The tenant that the request acts in, null for none.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.tenant_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('enginejs.tenant_id', true), '')::uuid;
revoke execute on function enginejs.tenant_id() from public;
grant execute on function enginejs.tenant_id()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
