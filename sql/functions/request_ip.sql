-- The address that the request came from, as the server saw it; null where there is no request.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_ip() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request', true), '')::jsonb ->> 'ip';
revoke execute on function enginejs.request_ip() from public;
grant execute on function enginejs.request_ip()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
