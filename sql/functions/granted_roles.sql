-- Roles that an actor has in a tenant beside a membership: temporary grants that are in force, and a service account's own.
-- Null: nothing of the kind. What they are called is not judged here: enginejs.membership_roles() counts the model's roles of tenants alone.
--
-- Asked at every request, mostly for nothing: so the first look is all that most of them pay, and it is in PL/pgSQL, which keeps plans.
set role enginejs_reader;
create or replace function enginejs.granted_roles(actor uuid, tenant uuid) returns text[]
language plpgsql stable parallel safe
as $$
begin
  if not exists (select from enginejs.role_grants g where g.actor = granted_roles.actor and g.revoked_at is null)
    and not exists (select from enginejs.service_accounts s where s.id = granted_roles.actor) then
    return null;
  end if;
  return (
    select array_remove(array_agg(r.role), null)
    from (
      select g.role
      from enginejs.role_grants g
      where g.actor = granted_roles.actor and g.tenant is not distinct from granted_roles.tenant
        and g.revoked_at is null and g.valid_from <= statement_timestamp() and statement_timestamp() < g.valid_until
      union all
      -- One more that is null: an account without roles is no stranger.
      select unnest(array_append(s.roles, null))
      from enginejs.service_accounts s
      where s.id = granted_roles.actor and s.tenant is not distinct from granted_roles.tenant and s.disabled_at is null
    ) r
  );
end
$$;
revoke execute on function enginejs.granted_roles(uuid, uuid) from public;
reset role;
