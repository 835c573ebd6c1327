-- policy-column-unindexed: no index begins with the column by which a policy picks rows.
-- Why: Each query of an actor carries the policy's condition. Without an index on it the server reads the whole table to find the few rows that the
--   actor may see.
-- Fix: make the index.
-- See: https://www.postgresql.org/docs/current/indexes-intro.html
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
     where s.polqual is not null
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
  ),
  picked as materialized (
    select distinct c.polid, c.polrelid, c.attnum
      from compared c
      join pg_operator o on o.oid = c.operator and o.oprcanmerge
  ),
  -- Columns that an index begins with, or that follow in it after others by which policies of the table pick.
  served as materialized (
    select distinct p.polrelid, k.attnum
      from (select polrelid, array_agg(attnum) as attnums from picked group by polrelid) p
      join pg_index i on i.indrelid = p.polrelid and i.indisvalid
     cross join lateral unnest(i.indkey::int[]) with ordinality k (attnum, place)
     where (i.indkey::int[])[0:k.place - 2] <@ p.attnums
  ),
  -- Where a condition that always holds as well is served by an index, few rows are left for another one.
  guarded as materialized (
    select distinct q.polrelid
      from picked q
      join served v on v.polrelid = q.polrelid and v.attnum = q.attnum
      join spoken s on s.polid = q.polid and not s.polpermissive
  )
select case when bool_or(guarded.polrelid is not null) then 'info' else 'warn' end as level,
       'policy' as kind,
       format('%s.%I', s.relation, s.polname) as object,
       format('The policy %I of %s picks rows by %I, and no index begins with that column.', s.polname, s.relation, a.attname) as what,
       format('create index on %s (%I);', s.relation, a.attname) as fix
  from (select * from picked p where (p.polrelid, p.attnum) not in (select v.polrelid, v.attnum from served v)) q
  join spoken s on s.polid = q.polid
  join pg_attribute a on a.attrelid = q.polrelid and a.attnum = q.attnum
  left join guarded on guarded.polrelid = q.polrelid
 where s.polcmd <> 'a' and s.relrowsecurity
 group by s.polid, s.relation, s.polname, a.attname
 order by object, a.attname;
