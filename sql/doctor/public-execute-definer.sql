-- public-execute-definer: a definer function that passes policies may be called by actors.
-- Why: It runs with its owner's rights. New functions are executable by everybody until that is taken away: a helper of a policy is so an API of its
--   own.
-- Fix: take the right away from everybody, and give it to the roles that call it.
-- See: https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY
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
  -- A right counts where its holder may use the schema; one of public's, where anybody may.
  usable as materialized (
    select scope.oid as nspoid, actor.oid as grantee
      from scope
      join actor on case actor.oid
        when 0 then exists (
          select from aclexplode(scope.nspacl) a join actor x on x.oid = a.grantee
           where a.privilege_type = 'USAGE' and a.grantee <> scope.nspowner)
        else has_schema_privilege(actor.oid, scope.oid, 'usage')
      end
  ),
  -- The routines that actors may execute; without rights of its own, everybody may execute a routine.
  callable as materialized (
    select p.oid as funcid, actor.oid as grantee, actor.spelt, actor.anonymous,
           format('%I.%I(%s)', scope.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as routine
      from scope
      join pg_proc p on p.pronamespace = scope.oid
     cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      join actor on actor.oid = a.grantee and a.grantee <> p.proowner
      join usable on usable.nspoid = scope.oid and usable.grantee = a.grantee
     where a.privilege_type = 'EXECUTE'
       and not exists (select from extension e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
  )
select case when bool_or(c.anonymous) and above.rules then 'error'
            when bool_or(c.grantee = 0) or above.rules then 'warn'
            else 'info' end as level,
       'function' as kind,
       c.routine as object,
       format('%s runs with the rights of %I%s, and %s may call it.', c.routine, o.rolname,
              case when above.rules then ', whom no policy binds' else '' end, string_agg(distinct c.spelt, ', ')) as what,
       format('revoke execute on routine %s from %s;', c.routine, string_agg(distinct c.spelt, ', ')) as fix
  from callable c
  join pg_proc p on p.oid = c.funcid
  join pg_roles o on o.oid = p.proowner
 cross join lateral (
    select o.rolsuper or o.rolbypassrls or exists (
      select from pg_class t
       where t.relowner = o.oid and t.relrowsecurity and not t.relforcerowsecurity
         and exists (select from pg_policy y where y.polrelid = t.oid)) as rules
  ) above
 where p.prosecdef and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
 group by c.funcid, c.routine, o.rolname, above.rules
 order by c.routine;
