-- Names the request in logs, events and audit.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_id() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request_id', true), '');
revoke execute on function enginejs.request_id() from public;
grant execute on function enginejs.request_id()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
