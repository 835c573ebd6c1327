-- grant-to-public: everybody has a right to a table, view or sequence.
-- Why: public is every role that exists and every role that will: the anonymous one, a colleague's login, the next service.
-- Fix: take it away, and give it to the roles that need it.
-- See: https://www.postgresql.org/docs/current/ddl-priv.html
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
  ),
  -- A right counts where its holder may use the schema; one of public's, where anybody may.
  usable as materialized (
    select scope.oid as nspoid, actor.oid as grantee
      from scope
      join actor on case actor.oid
        when 0 then exists (
          select from aclexplode(scope.nspacl) a join actor x on x.oid = a.grantee
           where a.privilege_type = 'USAGE' and a.grantee <> scope.nspowner)
        else has_schema_privilege(actor.oid, scope.oid, 'usage')
      end
  ),
  -- What actors may do with tables, views and sequences, or with columns of them, other than as their owners.
  granted as materialized (
    select c.oid as relid, c.relkind, format('%I.%I', scope.nspname, c.relname) as relation, c.relrowsecurity,
           actor.oid as grantee, actor.spelt, actor.anonymous, g.privilege_type as privilege, g.is_grantable, g.attnum
      from scope
      join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
     cross join lateral (
        select a.grantee, a.privilege_type, a.is_grantable, 0 as attnum from aclexplode(c.relacl) a
        union all
        select a.grantee, a.privilege_type, a.is_grantable, t.attnum
          from pg_attribute t cross join lateral aclexplode(t.attacl) a
         where t.attrelid = c.oid and t.attacl is not null and not t.attisdropped
      ) g
      join actor on actor.oid = g.grantee and g.grantee <> c.relowner
      join usable on usable.nspoid = scope.oid and usable.grantee = g.grantee
     where not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
  )
select case when bool_or(g.privilege not in ('SELECT', 'USAGE')) then 'error' else 'warn' end as level,
       case when g.relkind = 'S' then 'sequence' when g.relkind in ('v', 'm') then 'view' else 'table' end as kind,
       g.relation as object,
       format('Everybody may use %s (%s).', g.relation, lower(string_agg(distinct g.privilege, ', '))) as what,
       format('revoke all on %s%s from public;', case when g.relkind = 'S' then 'sequence ' else '' end, g.relation)
         || coalesce(' revoke all (' || string_agg(distinct quote_ident(a.attname), ', ') || format(') on %s from public;', g.relation), '') as fix
  from granted g
  left join pg_attribute a on a.attrelid = g.relid and a.attnum = g.attnum and g.attnum > 0
 where g.grantee = 0
 group by g.relid, g.relkind, g.relation
 order by g.relation;
