-- What the request's token said beyond actor and tenant.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.claims() returns jsonb
language sql stable parallel safe
return nullif(current_setting('enginejs.claims', true), '')::jsonb;
revoke execute on function enginejs.claims() from public;
grant execute on function enginejs.claims()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
