-- default-privileges-open: what will be made in the future is open to actors from its first moment.
-- Why: Default privileges give the next table to somebody before it has row level security or a policy.
-- Fix: take them away, and grant per object.
-- See: https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
with
  -- The schemas that are looked at: those of the setting, else all but the server's own and the provider's.
  scope as materialized (
    select n.oid, n.nspname, n.nspowner, n.nspacl
      from pg_namespace n
     where case coalesce(current_setting('enginejs_doctor.schemas', true), '')
             when '' then n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                      and pg_get_userbyid(n.nspowner) !~ '^(supabase_|rdsadmin|cloudsql|azure)'
             else n.nspname::text = any (current_setting('enginejs_doctor.schemas', true)::text[])
           end
  ),
  -- Whom rights are not to be given lightly: public, and every role that is neither above the rules nor trusted.
  actor as materialized (
    select r.oid, r.rolname, quote_ident(r.rolname) as spelt,
           r.rolname ~* '(^|[_-])(anon|anonymous|guest|unauthenticated)$|^(anon|anonymous|guest)[_-]'
             or r.rolname::text = any (coalesce(nullif(current_setting('enginejs_doctor.anonymous', true), ''), '{}')::text[])
             as anonymous
      from pg_roles r
     where not r.rolsuper and not r.rolbypassrls
       and r.rolname !~ '^(pg_|supabase_|rds|cloudsql|azure|enginejs_(owner|reader|writer|system|action)$)'
       and r.rolname::text <> all (coalesce(nullif(current_setting('enginejs_doctor.trusted', true), ''), '{}')::text[])
    union all
    select 0, 'public', 'public', true
  )
select case when bool_or(actor.anonymous) then 'warn' else 'info' end as level,
       'default privileges' as kind,
       format('%s of %I%s', kind.named, r.rolname, coalesce(' in ' || quote_ident(n.nspname), '')) as object,
       format('The %s that %I will make%s are open to %s (%s).', kind.named, r.rolname, coalesce(' in ' || quote_ident(n.nspname), ''),
              string_agg(distinct actor.spelt, ', '), lower(string_agg(distinct a.privilege_type, ', '))) as what,
       format('alter default privileges for role %I%s revoke all on %s from %s;', r.rolname,
              coalesce(' in schema ' || quote_ident(n.nspname), ''), kind.named, string_agg(distinct actor.spelt, ', ')) as fix
  from pg_default_acl d
  join pg_roles r on r.oid = d.defaclrole
  left join pg_namespace n on n.oid = d.defaclnamespace
 cross join lateral aclexplode(d.defaclacl) a
  join actor on actor.oid = a.grantee and a.grantee <> d.defaclrole
 cross join lateral (
    select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'n' then 'schemas' end as named
  ) kind
 where kind.named is not null
   and (d.defaclnamespace = 0 or d.defaclnamespace in (select oid from scope))
   -- An entry for all schemas repeats the built-in right to execute.
   and not (d.defaclobjtype = 'f' and d.defaclnamespace = 0 and a.grantee = 0)
 group by kind.named, r.rolname, n.nspname
 order by object;
