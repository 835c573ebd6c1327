-- role-row-security-off: a role or database has row_security switched off.
-- Why: It does not open rows: every query that a policy would filter fails instead, unless the role passes policies, and then nobody notices that it
--   does.
-- Fix: reset it. pg_dump sets it for itself.
-- See: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-ROW-SECURITY
select 'warn' as level,
       case when r.oid is null then 'database' else 'role' end as kind,
       coalesce(quote_ident(r.rolname), quote_ident(d.datname)) as object,
       format('row_security is off for %s.', coalesce('role ' || quote_ident(r.rolname), 'database ' || quote_ident(d.datname))) as what,
       case when r.oid is null then format('alter database %I reset row_security;', d.datname)
            else format('alter role %I%s reset row_security;', r.rolname, coalesce(' in database ' || quote_ident(d.datname), '')) end as fix
  from pg_db_role_setting s
  left join pg_roles r on r.oid = s.setrole
  left join pg_database d on d.oid = s.setdatabase
 cross join lateral unnest(s.setconfig) as config
 where lower(config) ~ '^row_security=(off|false|no|0)$' and (d.oid is null or d.datname = current_database())
   and (r.oid is not null or d.oid is not null)
 order by object;
