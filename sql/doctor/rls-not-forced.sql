-- rls-not-forced: a table's policies do not hold for its owner, and somebody logs in as the owner.
-- Why: Unless it is forced, row level security leaves out the owner: an application that connects as the owner, or inherits the owner's rights,
--   passes every policy without a word.
-- Fix: force it, with a policy for the owner where builds and backups need all rows; or let the application log in as another role.
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
select case when o.rolcanlogin or login.names is not null then 'warn' else 'info' end as level,
       'table' as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       format('The policies of %I.%I do not hold for its owner %I%s.', scope.nspname, c.relname, o.rolname,
              case when o.rolcanlogin then ', which can log in'
                   when login.names is not null then ', whose rights these logins have: ' || login.names
                   else '' end) as what,
       format('alter table %I.%I force row level security;', scope.nspname, c.relname) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p')
  join pg_roles o on o.oid = c.relowner
 cross join lateral (
    select string_agg(quote_ident(l.rolname), ', ' order by l.rolname) as names
      from pg_auth_members m
      join pg_roles l on l.oid = m.member
     where m.roleid = o.oid and l.rolcanlogin and not l.rolsuper and not l.rolbypassrls
  ) login
 where c.relrowsecurity and not c.relforcerowsecurity
   -- Forcing binds no superuser; a table without policies would be closed to its owner.
   and not o.rolsuper and not o.rolbypassrls
   and exists (select from pg_policy p where p.polrelid = c.oid)
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
