-- Whether the platform itself acts, and nobody over the API: enginejs_system, whoever builds, or the worker's login.
--
-- `role` stays what begin_request set also inside definers' functions; without it, it is the login that counts.
set role enginejs_writer;
create or replace function enginejs.is_platform() returns boolean
language sql stable
return case current_setting('role')
  when 'enginejs_system' then true
  when 'enginejs_user' then false
  when 'enginejs_anonymous' then false
  when 'enginejs_action' then false
  when 'none' then pg_has_role(session_user, 'enginejs_owner', 'usage') or pg_has_role(session_user, 'enginejs_writer', 'usage')
  else pg_has_role(current_setting('role')::name, 'enginejs_owner', 'usage')
    or pg_has_role(current_setting('role')::name, 'enginejs_writer', 'usage')
end;
revoke execute on function enginejs.is_platform() from public;
reset role;
