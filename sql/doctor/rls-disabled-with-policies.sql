-- rls-disabled-with-policies: a table has policies, and row level security is off.
-- Why: The policies do nothing. Whoever wrote them believes that they do.
-- Fix: enable it.
-- See: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
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
select 'error' as level,
       'table' as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       format('%I.%I has policies (%s), and none of them is in force: row level security is off.', scope.nspname, c.relname,
              string_agg(quote_ident(p.polname), ', ' order by p.polname)) as what,
       format('alter table %I.%I enable row level security;', scope.nspname, c.relname) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid
  join pg_policy p on p.polrelid = c.oid
 where not c.relrowsecurity
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 group by scope.nspname, c.relname
 order by object;
