-- session-replication-role: triggers and foreign keys are switched off for somebody, or can be.
-- Why: With session_replication_role = replica no ordinary trigger fires and no foreign key is checked: no outbox row, no audit row, no immutable
--   column.
-- Fix: reset it, and let nobody but the replication's own superuser set it.
-- See: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE
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
select 'error' as level,
       case when r.oid is null then 'database' else 'role' end as kind,
       coalesce(quote_ident(r.rolname), quote_ident(d.datname)) as object,
       format('session_replication_role is replica for %s.', coalesce('role ' || quote_ident(r.rolname), 'database ' || quote_ident(d.datname))) as what,
       case when r.oid is null then format('alter database %I reset session_replication_role;', d.datname)
            else format('alter role %I%s reset session_replication_role;', r.rolname, coalesce(' in database ' || quote_ident(d.datname), '')) end as fix
  from pg_db_role_setting s
  left join pg_roles r on r.oid = s.setrole
  left join pg_database d on d.oid = s.setdatabase
 cross join lateral unnest(s.setconfig) as config
 where lower(config) ~ '^session_replication_role=(replica|local)$' and lower(config) !~ '=local$' and (d.oid is null or d.datname = current_database())
   and (r.oid is not null or d.oid is not null)
union all
select 'error', 'parameter', p.parname,
       format('%s may set session_replication_role.', string_agg(distinct actor.spelt, ', ')),
       format('revoke set on parameter session_replication_role from %s;', string_agg(distinct actor.spelt, ', '))
  from pg_parameter_acl p
 cross join lateral aclexplode(p.paracl) a
  join actor on actor.oid = a.grantee
 where p.parname = 'session_replication_role' and a.privilege_type = 'SET'
 group by p.parname
 order by object;
