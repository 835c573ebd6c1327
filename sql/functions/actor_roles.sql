-- The actor's roles in the tenant; empty for none, never null: "has no such role" must be true for nobody.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.actor_roles() returns text[]
language sql stable parallel safe
return coalesce(nullif(current_setting('enginejs.roles', true), '')::text[], '{}');
revoke execute on function enginejs.actor_roles() from public;
grant execute on function enginejs.actor_roles()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
