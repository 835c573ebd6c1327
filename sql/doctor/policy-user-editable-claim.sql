-- policy-user-editable-claim: a policy trusts a claim that users write themselves.
-- Why: user_metadata and its kin are what a user may change in their own profile: whoever writes `"role": "admin"` there is one.
-- Fix: read the claim from what only the platform writes (app_metadata), or from a table.
-- See: https://supabase.com/docs/guides/auth/users
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
select 'error' as level,
       'policy' as kind,
       format('%s.%I', s.relation, s.polname) as object,
       format('The policy %I of %s reads %s, which users write themselves.', s.polname, s.relation, found.claim) as what,
       case when found.claim = 'user_metadata'
            then format('alter policy %I on %s', s.polname, s.relation)
              || coalesce(' using (' || replace(s.qual, '''user_metadata''', '''app_metadata''') || ')', '')
              || coalesce(' with check (' || replace(s.withcheck, '''user_metadata''', '''app_metadata''') || ')', '') || ';'
       end as fix
  from spoken s
 cross join lateral (
    select coalesce((regexp_match(concat(s.qual, ' ', s.withcheck), '\m(raw_user_meta_data|unsafe_metadata)\M'))[1],
                    (regexp_match(concat(s.qual, ' ', s.withcheck), '''(user_metadata)'''))[1]) as claim
  ) found
 where found.claim is not null
 order by object;
