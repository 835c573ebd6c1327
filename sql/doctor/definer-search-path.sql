-- definer-search-path: a definer function does not fix its search_path, or puts a schema on it that others may write to.
-- Why: Who calls it chooses which objects its names mean: a function or table of the caller's own runs with the owner's rights.
-- Fix: set it to nothing and write names with their schemas, or to the schemas that only trusted roles may write to, pg_temp last.
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
select case when exists (select from callable c where c.funcid = p.oid) or path.setting is null then 'error' else 'warn' end as level,
       'function' as kind,
       named.routine as object,
       case when path.setting is null then format('%s runs with its owner''s rights and the caller''s search_path.', named.routine)
            else format('%s runs with its owner''s rights, and others may make objects in a schema of its search_path (%s).',
                        named.routine, path.setting) end as what,
       case when path.setting is null
            then format('alter routine %s set search_path = %s, pg_temp;', named.routine, scope.named)
            else null end as fix
  from (select s.*, quote_ident(s.nspname) as named from scope s) scope
  join pg_proc p on p.pronamespace = scope.oid
  join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal')
 cross join lateral (
    select format('%I.%I(%s)', scope.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as routine
  ) named
 cross join lateral (
    select (select substr(s, 13) from unnest(p.proconfig) s where s like 'search\_path=%') as setting
  ) path
 where p.prosecdef
   -- A body between begin atomic and end is bound to its objects when it is made.
   and p.prosqlbody is null
   and (path.setting is null or exists (
     select from pg_namespace n
      cross join lateral aclexplode(n.nspacl) a
       join actor on actor.oid = a.grantee
      where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
        and n.nspname::text = any (regexp_split_to_array(replace(path.setting, '"', ''), ' *, *'))))
   and not exists (select from extension e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
 order by object;
