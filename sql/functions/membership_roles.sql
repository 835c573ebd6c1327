-- The actor's roles in a tenant, read at each request so that a revoked membership counts at once.
-- Null: the actor is no member of it. This is the core's stand-in for systems without tenancy; the
-- build of one that declares a membership replaces the body (`create or replace`, same signature).
-- A definer's function: the actor need not be able to read memberships.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.membership_roles(uuid, uuid)') is null then
    create function enginejs.membership_roles(actor uuid, tenant uuid) returns text[]
    language sql stable parallel safe security definer set search_path = ''
    as 'select ''{}''::text[]';
  end if;
end
$$;
revoke execute on function enginejs.membership_roles(uuid, uuid) from public;
reset role;
