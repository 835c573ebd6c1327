-- policy-check-weaker: a policy for update compares a column in USING and forgets it in WITH CHECK.
-- Why: Who may change the row may also hand it to somebody else: `using (owner_id = …)` with a check that does not mention owner_id lets them write
--   any owner into it.
-- Fix: ask for it in the check as well, or take away the right to update the column.
-- See: https://www.postgresql.org/docs/current/sql-createpolicy.html
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
  ),
  -- A condition as the server keeps it is a tree of { }. What differs from table to table and says nothing here is left out: many trees become one.
  tree as materialized (
    select s.polid, s.polrelid, regexp_replace(s.polqual::text,
             '\\.|[@~]|\[[^][]*\]| :(?:location|stmt_location|stmt_len|relid) -?\w+', '', 'g') as source
      from spoken s
     where s.polpermissive and s.polcmd in ('w', '*') and s.polwithcheck is not null
  ),
  -- From inside out, each node becomes what is asked of it: a column of the policy's own table @V2@, a comparison of one with a value
  -- that is computed @C2:98@ (column, operator), anything that is computed ~.
  folded as (
    select t.source, t.source as text from (select distinct source from tree) t
    union all
    select f.source, step.text
      from folded f
     cross join lateral (select regexp_replace(f.text, '\{QUERY [^{}]*\}', '~', 'g') as text) a
     cross join lateral (select regexp_replace(a.text, '\{VAR :varno 1 :varattno (\d+) [^{}]*\}', '@V\1@', 'g') as text) b
     cross join lateral (select regexp_replace(b.text, '\{RELABELTYPE :arg @V(\d+)@[^{}]*\}', '@V\1@', 'g') as text) c
     -- Calls and comparisons have their turn when all in them has had its.
     cross join lateral (select regexp_replace(c.text,
        '\{(?!OPEXPR|SCALARARRAYOPEXPR|FUNCEXPR|SQLVALUEFUNCTION)[A-Z]*([^{}]*)\}', '\1', 'g') as text) d
     cross join lateral (select regexp_replace(d.text,
        '\{(?:SCALARARRAY)?OPEXPR :opno (\d+) [^{}@]*:args \(@V(\d+)@ [^{}@]*~[^{}@]*\)[^{}@]*\}', '@C\2:\1@', 'g') as text) e
     cross join lateral (select regexp_replace(e.text,
        '\{OPEXPR :opno (\d+) [^{}@]*:args \([^{}@]*~[^{}@]* @V(\d+)@\)[^{}@]*\}', '@C\2:\1@', 'g') as text) g
     cross join lateral (select regexp_replace(g.text, '\{(?:SCALARARRAY)?OPEXPR ([^{}]*)\}', '\1', 'g') as text) h
     cross join lateral (select regexp_replace(h.text, '\{(?:FUNCEXPR|SQLVALUEFUNCTION) ([^{}]*)\}', '~ \1', 'g') as text) step
     where f.text like '%{%'
  ),
  compared as materialized (
    select distinct t.polid, t.polrelid, m[1]::int as attnum, m[2]::oid as operator
      from folded f
     cross join lateral regexp_matches(f.text, '@C(\d+):(\d+)@', 'g') m
      join tree t on t.source = f.source
     where f.text not like '%{%'
  )
select 'warn' as level,
       'policy' as kind,
       format('%s.%I', s.relation, s.polname) as object,
       format('The policy %I of %s compares %s in USING, and WITH CHECK lets it be anything.', s.polname, s.relation,
              string_agg(distinct quote_ident(a.attname), ', ')) as what,
       format('alter policy %I on %s with check ((%s) and (%s));', s.polname, s.relation, s.withcheck, s.qual) as fix
  from spoken s
  join compared q on q.polid = s.polid
  join pg_attribute a on a.attrelid = s.polrelid and a.attnum = q.attnum
 where s.polpermissive and s.polcmd in ('w', '*') and s.polwithcheck is not null
   and s.polwithcheck::text !~ format(':varattno %s ', q.attnum)
   -- Another check may ask for it.
   and not exists (
     select from pg_policy r
      where r.polrelid = s.polrelid and not r.polpermissive and r.polcmd in ('w', '*')
        and (r.polroles && s.polroles or 0 = any (r.polroles))
        and coalesce(r.polwithcheck, r.polqual)::text ~ format(':varattno %s ', q.attnum))
   and exists (
     select from granted g
      where g.relid = s.polrelid and g.privilege = 'UPDATE' and g.attnum in (0, q.attnum)
        and (g.grantee = any (s.polroles) or 0 = any (s.polroles)))
 group by s.polid, s.relation, s.polname, s.withcheck, s.qual
 order by object;
