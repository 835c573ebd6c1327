-- login-above-rules: a login passes row level security.
-- Why: Superusers and roles with BYPASSRLS meet no policy, forced or not. An application that logs in as one has no row level security.
-- Fix: let the application log in as a role without either; keep those for people and for backups.
-- See: https://www.postgresql.org/docs/current/sql-createrole.html
select case when r.rolname::text = current_setting('enginejs_doctor.login', true) then 'error'
            when r.oid = 10 or r.rolname ~ '^(supabase_|rds|cloudsql|azure)' then 'info'
            else 'warn' end as level,
       'role' as kind,
       quote_ident(r.rolname) as object,
       format('%I can log in, and no policy binds it (%s)%s%s.', r.rolname,
              concat_ws(', ', case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end),
              case when r.rolname::text = current_setting('enginejs_doctor.login', true) then ': the application''s login' else '' end,
              case when seen.connections > 0 then format('; %s of the connections to this database are its', seen.connections) else '' end) as what,
       -- The first superuser of a server must stay one.
       case when r.oid <> 10 and (not r.rolsuper or mine.rolsuper)
            then format('alter role %I nosuperuser nobypassrls;', r.rolname) end as fix
  from pg_roles r
  join pg_roles mine on mine.rolname = current_user
 cross join lateral (
    select count(*) as connections from pg_stat_activity a
     where a.usesysid = r.oid and a.datname = current_database() and a.pid <> pg_backend_pid()
  ) seen
 where r.rolcanlogin and (r.rolsuper or r.rolbypassrls)
 order by object;
