-- definer-view: a view reads with its owner's rights.
-- Why: Without security_invoker, the tables below are read as the view's owner: their policies are the owner's, or none at all, for everybody who
--   may read the view.
-- Fix: make it read with the caller's rights, who then needs select on the tables below.
-- See: https://www.postgresql.org/docs/current/sql-createview.html
with recursive
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
  ),
  reads as materialized (
    select distinct r.ev_class as viewid, d.refobjid as relid
      from pg_rewrite r
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                      and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
     where r.ev_type = '1'
  ),
  below as (
    select distinct g.relid as viewid, reads.relid from granted g join reads on reads.viewid = g.relid where g.relkind = 'v'
    union
    select below.viewid, reads.relid from below join reads on reads.viewid = below.relid
  )
select case when guarded.tables is null then 'info' else 'error' end as level,
       'view' as kind,
       g.relation as object,
       format('The view %s, which %s may use, reads with its owner''s rights%s.', g.relation,
              string_agg(distinct g.spelt, ', '), ', past the policies of ' || guarded.tables) as what,
       format('alter view %s set (security_invoker = true);', g.relation) as fix
  from granted g
  join pg_class c on c.oid = g.relid
 cross join lateral (
    -- The tables with row level security that it reads, over other views too.
    select string_agg(distinct format('%I.%I', n.nspname, t.relname), ', ') as tables
      from below b
      join pg_class t on t.oid = b.relid and t.relrowsecurity
      join pg_namespace n on n.oid = t.relnamespace
     where b.viewid = g.relid
  ) guarded
 where g.relkind = 'v'
   and not exists (
     select from pg_options_to_table(c.reloptions) o
      where o.option_name = 'security_invoker' and lower(o.option_value) in ('true', 'on', 'yes', '1'))
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
 group by g.relid, g.relation, guarded.tables
 order by g.relation;
