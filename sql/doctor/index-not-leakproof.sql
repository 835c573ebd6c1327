-- index-not-leakproof: an index cannot serve the filters of actors.
-- Why: Before the policies have spoken, only operators that can leak nothing may look at a row. Those of numeric, enums, arrays and others are not
--   marked so: an actor's filter on the column reads all rows that the policies let through.
-- Fix: nothing is broken. Where it is slow, compare with a type whose operators are leakproof (bigint instead of numeric, text instead of an enum).
-- See: https://www.postgresql.org/docs/current/planner-stats-security.html
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
  -- The policies that speak to actors, and of whom.
  spoken as materialized (
    select p.oid as polid, p.polrelid, p.polname, p.polcmd, p.polpermissive, p.polroles,
           format('%I.%I', scope.nspname, c.relname) as relation, c.relrowsecurity,
           p.polqual, p.polwithcheck,
           pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as withcheck,
           (select string_agg(actor.spelt, ', ' order by actor.spelt) from actor where actor.oid = any (p.polroles)) as spelt,
           (select bool_or(actor.anonymous) from actor where actor.oid = any (p.polroles)) as anonymous
      from scope
      join pg_class c on c.relnamespace = scope.oid
      join pg_policy p on p.polrelid = c.oid
     where exists (select from actor where actor.oid = any (p.polroles))
       and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
  )
select 'info' as level,
       'index' as kind,
       format('%I.%I', scope.nspname, ix.relname) as object,
       format('The index %I.%I on %I.%I begins with %I, a %s: under row level security a filter of an actor cannot use it.', scope.nspname, ix.relname,
              scope.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) as what,
       null as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relrowsecurity and c.relkind in ('r', 'p')
  join pg_index i on i.indrelid = c.oid and i.indisvalid
  join pg_class ix on ix.oid = i.indexrelid
  join pg_am am on am.oid = ix.relam and am.amname = 'btree'
  join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
  join pg_opclass oc on oc.oid = i.indclass[0]
  join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amopstrategy = 3
                 and ao.amoplefttype = oc.opcintype and ao.amoprighttype = oc.opcintype
  join pg_operator o on o.oid = ao.amopopr
  join pg_proc p on p.oid = o.oprcode and not p.proleakproof
 where exists (select from spoken s where s.polrelid = c.oid)
 order by object;
