-- policy-check-missing: a policy for update says which rows may be touched, and not what may be left behind.
-- Why: Without WITH CHECK, USING is asked of the new row as well. That is safe, but it is easily meant otherwise: a row that may be changed only
--   while it is a draft could then never stop being one.
-- Fix: say it.
-- See: https://www.postgresql.org/docs/current/sql-createpolicy.html
with
  -- What belongs to an extension is not the project's to mend.
  extension as materialized (
    select classid, objid from pg_depend where deptype = 'e'
  ),
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
  ),
  -- The policies that speak to actors, and of whom.
  spoken as materialized (
    select p.oid as polid, p.polrelid, p.polname, p.polcmd, p.polpermissive, p.polroles,
           format('%I.%I', scope.nspname, c.relname) as relation, c.relrowsecurity,
           p.polqual, p.polwithcheck,
           pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as withcheck,
           (select string_agg(actor.spelt, ', ' order by actor.spelt) from actor where actor.oid = any (p.polroles)) as spelt,
           (select bool_or(actor.anonymous) from actor where actor.oid = any (p.polroles)) as anonymous
      from scope
      join pg_class c on c.relnamespace = scope.oid
      join pg_policy p on p.polrelid = c.oid
     where exists (select from actor where actor.oid = any (p.polroles))
       and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
  )
select 'info' as level,
       'policy' as kind,
       format('%s.%I', s.relation, s.polname) as object,
       format('The policy %I of %s has no WITH CHECK: its USING decides about the new row too.', s.polname, s.relation) as what,
       format('alter policy %I on %s with check (%s);', s.polname, s.relation, s.qual) as fix
  from spoken s
 where s.polcmd in ('w', '*') and s.withcheck is null and s.qual not in ('true', 'false')
 order by object;
