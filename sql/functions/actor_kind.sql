-- What acts: user, key (a person by an API key), service (a service account), anonymous, system. Never null: what is no actor is anonymous.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.actor_kind() returns text
language sql stable parallel safe
return coalesce(nullif(current_setting('enginejs.actor_kind', true), ''), 'anonymous');
revoke execute on function enginejs.actor_kind() from public;
grant execute on function enginejs.actor_kind()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
