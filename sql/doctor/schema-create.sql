-- schema-create: an actor may make objects in a schema.
-- Why: Whoever may create in a schema that is on somebody's search_path puts a function or table of the same name before the real one, and has it
--   run by the other.
-- Fix: take it away.
-- See: https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
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
  ),
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
select case when bool_or(actor.oid = 0 or actor.anonymous) then 'error' else 'warn' end as level,
       'schema' as kind,
       quote_ident(scope.nspname) as object,
       format('%s may make objects in the schema %I.', string_agg(distinct actor.spelt, ', '), scope.nspname) as what,
       format('revoke create on schema %I from %s;', scope.nspname, string_agg(distinct actor.spelt, ', ')) as fix
  from scope
 cross join lateral aclexplode(scope.nspacl) a
  join actor on actor.oid = a.grantee
 where a.privilege_type = 'CREATE' and a.grantee <> scope.nspowner
 group by scope.nspname
 order by object;
