-- login-owns-tables: the application's login owns tables that it works on.
-- Why: An owner may switch row level security off, drop policies, and grant rights: a hole in the application is one in the schema.
-- Fix: own tables by a role without login, and let the application log in as another.
-- See: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
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
  )
select 'warn' as level,
       'role' as kind,
       quote_ident(o.rolname) as object,
       format('%I, the application''s login, owns %s table(s) with row level security, among them %s.', o.rolname, count(*),
              min(format('%I.%I', scope.nspname, c.relname))) as what,
       null as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p') and c.relrowsecurity
  join pg_roles o on o.oid = c.relowner
 where o.rolname::text = current_setting('enginejs_doctor.login', true)
 group by o.rolname;
