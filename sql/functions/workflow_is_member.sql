-- Whether somebody belongs to a tenant, now: a run does not act in the name of a stranger. The worker asks as
-- enginejs_system, which may read every membership anyway.
set role enginejs_reader;
create or replace function enginejs.workflow_is_member(subject uuid, tenant uuid) returns boolean
language sql stable parallel safe security definer set search_path = ''
as 'select enginejs.membership_roles(subject, tenant) is not null';
revoke execute on function enginejs.workflow_is_member(uuid, uuid) from public;
grant execute on function enginejs.workflow_is_member(uuid, uuid) to enginejs_system;
reset role;
