-- anonymous-readable: an anonymous role may read a table or view.
-- Why: Whoever is not signed in reads the rows that its policies show, and an API that shows its schema shows this one's names and columns. A list
--   of what is open, to look through.
-- Fix: take it away where it is not meant.
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
select 'info' as level,
       case when g.relkind in ('r', 'p') then 'table' else 'view' end as kind,
       g.relation as object,
       format('%s may read %s.', string_agg(distinct g.spelt, ', '), g.relation) as what,
       format('revoke select on %s from %s;', g.relation, string_agg(distinct g.spelt, ', '))
         || coalesce(string_agg(distinct format(' revoke select (%I) on %s from %s;', a.attname, g.relation, g.spelt), '')
              filter (where g.attnum > 0), '') as fix
  from granted g
  join pg_class c on c.oid = g.relid
  left join pg_attribute a on a.attrelid = g.relid and a.attnum = g.attnum and g.attnum > 0
 where g.anonymous and g.grantee <> 0 and g.privilege = 'SELECT' and g.relkind <> 'S'
   -- What EngineJS's policies ask of other tables: one column of rows that begin with who asks, behind a barrier. As a definer's
   -- function it would show the same.
   and not (
     g.relkind = 'v' and pg_get_userbyid(c.relowner) = 'enginejs_reader' and c.relnatts = 1
     and exists (
       select from pg_options_to_table(c.reloptions) o
        where o.option_name = 'security_barrier' and lower(o.option_value) in ('true', 'on', 'yes', '1'))
     and exists (
       select from pg_rewrite r
         join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_proc'::regclass
         join pg_proc p on p.oid = d.refobjid
        where r.ev_class = g.relid and p.proowner = c.relowner and p.pronargs = 0))
 group by g.relid, g.relkind, g.relation
 order by g.relation;
