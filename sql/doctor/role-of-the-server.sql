-- role-of-the-server: a role may do what only administrators should.
-- Why: pg_execute_server_program and the file roles are a shell on the server. pg_read_all_data and pg_write_all_data open every table, the present
--   and the future ones. pg_read_all_stats shows what others ask.
-- Fix: take the membership away.
-- See: https://www.postgresql.org/docs/current/predefined-roles.html
with
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
  )
select case when p.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files') then 'error'
            when p.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_maintain', 'pg_create_subscription') then 'warn'
            else 'info' end as level,
       'role' as kind,
       actor.spelt as object,
       format('%s is a member of %I.', actor.spelt, p.rolname) as what,
       format('revoke %I from %s;', p.rolname, actor.spelt) as fix
  from pg_auth_members m
  join pg_roles p on p.oid = m.roleid and p.rolname ~ '^pg_' and p.rolname not in ('pg_database_owner', 'pg_use_reserved_connections')
  join actor on actor.oid = m.member
 order by object, p.rolname;
