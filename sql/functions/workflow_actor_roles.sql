-- The roles that whoever caused an event has in its tenant now, for conditions of triggers; empty for none. The
-- relay evaluates conditions as enginejs_system, which may read every membership anyway.
set role enginejs_reader;
create or replace function enginejs.workflow_actor_roles(actor uuid, tenant uuid) returns text[]
language sql stable parallel safe security definer set search_path = ''
as 'select coalesce(enginejs.membership_roles(actor, tenant), ''{}'')';
revoke execute on function enginejs.workflow_actor_roles(uuid, uuid) from public;
grant execute on function enginejs.workflow_actor_roles(uuid, uuid) to enginejs_system;
reset role;
