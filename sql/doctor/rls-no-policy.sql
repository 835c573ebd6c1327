-- rls-no-policy: a table has row level security and not one policy.
-- Why: Nobody but the owner sees a row of it. That may be meant, for a table that only definer functions use; more often a policy was forgotten.
-- Fix: write a policy, or leave it when it is meant.
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
  )
select 'info' as level,
       'table' as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       format('%I.%I has row level security and no policy: nobody but its owner sees its rows.', scope.nspname, c.relname) as what,
       null as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p')
 where c.relrowsecurity
   and not exists (select from pg_policy p where p.polrelid = c.oid)
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
