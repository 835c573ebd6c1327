-- function-search-path-mutable: a function takes its search_path from whoever calls it.
-- Why: Its names mean what the caller's search_path says. In a trigger, a policy or an index that is somebody else than who wrote it.
-- Fix: set it. A function in SQL that planners inline must not have a setting: write its names with their schemas, or its body between begin atomic
--   and end.
-- See: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
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
  )
select case when used.somewhere then 'warn' else 'info' end as level,
       'function' as kind,
       named.routine as object,
       format('%s takes its search_path from its caller%s.', named.routine,
              case when used.somewhere then ', and a trigger, policy or index uses it' else '' end) as what,
       format('alter routine %s set search_path = %I, pg_temp;', named.routine, scope.nspname) as fix
  from scope
  join pg_proc p on p.pronamespace = scope.oid
  join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal')
 cross join lateral (
    select format('%I.%I(%s)', scope.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as routine
  ) named
 cross join lateral (
    select l.lanname <> 'sql' and exists (
      select from pg_depend d
       where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
         and d.classid in ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_class'::regclass, 'pg_event_trigger'::regclass)
      ) as somewhere
  ) used
 where not p.prosecdef and p.prosqlbody is null and p.prokind in ('f', 'p')
   and not exists (select from unnest(p.proconfig) s where s like 'search\_path=%')
   and not exists (select from extension e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
 order by object;
