-- grant-to-anonymous: an anonymous role may write to a table.
-- Why: Where row level security is off, whoever is not signed in writes rows. Where it is on and no policy lets them, the right is of no use, and
--   one careless policy away from being one.
-- Fix: take it away.
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
select case when g.relrowsecurity then 'info' else 'error' end as level,
       case when g.relkind in ('r', 'p') then 'table' else 'view' end as kind,
       g.relation as object,
       format('%s may write to %s (%s)%s.', string_agg(distinct g.spelt, ', '), g.relation,
              lower(string_agg(distinct g.privilege, ', ')),
              case when g.relrowsecurity then ', and no policy is there for it' else ' without row level security' end) as what,
       format('revoke %s on %s from %s;', lower(string_agg(distinct g.privilege, ', ')), g.relation,
              string_agg(distinct g.spelt, ', '))
         || coalesce(string_agg(distinct format(' revoke %s (%I) on %s from %s;', lower(g.privilege), a.attname, g.relation, g.spelt), '')
              filter (where g.attnum > 0), '') as fix
  from granted g
  left join pg_attribute a on a.attrelid = g.relid and a.attnum = g.attnum and g.attnum > 0
 where g.anonymous and g.grantee <> 0 and g.relkind in ('r', 'p', 'v', 'f')
   and g.privilege in ('INSERT', 'UPDATE', 'DELETE')
   and not (g.relrowsecurity and exists (
     select from pg_policy p
      where p.polrelid = g.relid and p.polpermissive and (g.grantee = any (p.polroles) or 0 = any (p.polroles))
        and p.polcmd in ('*', case g.privilege when 'INSERT' then 'a' when 'UPDATE' then 'w' else 'd' end)))
 group by g.relid, g.relkind, g.relation, g.relrowsecurity
 order by g.relation;
