-- database-open: everybody may make schemas or temporary tables in this database.
-- Why: With CREATE, any login makes schemas and trusted extensions here. Temporary tables are searched before all others unless a function's
--   search_path names pg_temp last.
-- Fix: take it away.
-- See: https://www.postgresql.org/docs/current/ddl-priv.html
select case when bool_or(a.privilege_type = 'CREATE') then 'warn' else 'info' end as level,
       'database' as kind,
       quote_ident(d.datname) as object,
       format('Everybody has %s on the database %I.', lower(string_agg(a.privilege_type, ', ' order by a.privilege_type)), d.datname) as what,
       format('revoke %s on database %I from public;', lower(string_agg(a.privilege_type, ', ' order by a.privilege_type)), d.datname) as fix
  from pg_database d
 cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
 where d.datname = current_database() and a.grantee = 0 and a.privilege_type in ('CREATE', 'TEMPORARY')
 group by d.datname;
