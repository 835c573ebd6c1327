-- The website whose page made the request, as its Origin header says; null for none. Browsers send it truthfully, anything else sends what it likes.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_origin() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request', true), '')::jsonb ->> 'origin';
revoke execute on function enginejs.request_origin() from public;
grant execute on function enginejs.request_origin()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
