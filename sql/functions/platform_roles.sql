-- The roles of the platform (`of: "system"`) that an actor has now, with those that they include: grants in force that
-- name no tenant, of roles that the newest build declares so. Read live, asked only by what needs such a role: no
-- request, no policy and no claim of a token carries them.
set role enginejs_reader;
create or replace function enginejs.platform_roles(actor uuid) returns text[]
language sql stable security definer set search_path = ''
begin atomic
  select coalesce(array_agg(distinct x.role order by x.role), '{}')
  from enginejs.role_grants g
  cross join lateral (
    select b.ir -> 'roles' as roles from enginejs.build b order by b.id desc limit 1
  ) newest
  cross join lateral jsonb_array_elements(newest.roles) as d (declared)
  cross join lateral (
    select d.declared ->> 'name' as role
    union all
    select i.included from jsonb_array_elements_text(d.declared -> 'includes') as i (included)
    where exists (
      select from jsonb_array_elements(newest.roles) as o (other)
      where o.other ->> 'name' = i.included and o.other ->> 'of' = 'system')
  ) x
  where g.actor = platform_roles.actor and g.tenant is null and g.revoked_at is null
    and g.valid_from <= statement_timestamp() and statement_timestamp() < g.valid_until
    and d.declared ->> 'name' = g.role and d.declared ->> 'of' = 'system';
end;
revoke execute on function enginejs.platform_roles(uuid) from public;
grant execute on function enginejs.platform_roles(uuid) to enginejs_owner, enginejs_writer;
reset role;
