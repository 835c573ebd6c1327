-- policy-function-per-row: a policy calls a function for each row that could be called once.
-- Why: current_setting(), auth.uid() and functions like them give the same for every row of a query. Written bare they are called for each row; in a
--   sub-select of their own the server calls them once and can use an index.
-- Fix: put the call into a sub-select: `(select auth.uid())`.
-- See: https://supabase.com/docs/guides/database/postgres/row-level-security#call-functions-with-select
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
    select s.polid, half.name as half, regexp_replace(half.tree,
             '\\.|[@^~]|\[[^][]*\]| :(?:location|stmt_location|stmt_len|relid) -?\w+', '', 'g') as source
      from spoken s
     cross join lateral (values ('using', s.polqual::text), ('check', s.polwithcheck::text)) half (name, tree)
     where half.tree like '%{FUNCEXPR %'
  ),
  -- From inside out: a column becomes @, one of an outer query ^; a sub-select without FROM that reads no outer column is done once, and so is
  -- a function in FROM; a call that reads no column becomes its number, ~123~.
  folded as (
    select t.source, t.source as text from (select distinct source from tree) t
    union all
    select f.source, step.text
      from folded f
     cross join lateral (select regexp_replace(f.text, '\{VAR [^{}]*:varlevelsup 0[^{}]*\}', '@', 'g') as text) a
     cross join lateral (select regexp_replace(a.text, '\{VAR [^{}]*\}', '^', 'g') as text) b
     -- Calls and sub-selects have their turn when all in them has had its.
     cross join lateral (select regexp_replace(b.text, '\{(?!FUNCEXPR|RANGETBLFUNCTION|QUERY)[A-Z]*([^{}]*)\}', '\1', 'g') as text) c
     cross join lateral (select regexp_replace(c.text, '\{RANGETBLFUNCTION [^{}^]*\}', '', 'g') as text) d
     cross join lateral (select regexp_replace(d.text, '\{QUERY [^{}^]*:rtable <> [^{}^]*\}', '', 'g') as text) e
     cross join lateral (select regexp_replace(e.text, '\{(?:RANGETBLFUNCTION|QUERY) ([^{}]*)\}', '\1', 'g') as text) g
     cross join lateral (select regexp_replace(g.text, '\{FUNCEXPR :funcid (\d+) [^{}@^]*\}', '~\1~', 'g') as text) h
     cross join lateral (select regexp_replace(h.text, '\{FUNCEXPR ([^{}]*)\}', '\1', 'g') as text) step
     where f.text like '%{%'
  ),
  -- Of functions that could be called once: settings, and those of the project that are not constant anyway.
  called as materialized (
    select t.polid, t.half, c.spelt, c.pattern
      from tree t
      join (
        select f.source, string_agg(distinct name.spelt, ', ') as spelt,
               '(?<![[:alnum:]_."])(' || string_agg(distinct regexp_replace(name.spelt, '([^[:alnum:]_ ])', '\\\1', 'g'), '|')
                 || ')\((?:[^()'']|''[^'']*'')*\)' as pattern
          from folded f
         cross join lateral regexp_matches(f.text, '~(\d+)~', 'g') m
          join pg_proc p on p.oid = m[1]::oid
          join pg_namespace n on n.oid = p.pronamespace
         cross join lateral (
            select case when pg_function_is_visible(p.oid) then quote_ident(p.proname) else format('%I.%I', n.nspname, p.proname) end as spelt
          ) name
         where f.text not like '%{%'
           and case n.nspname when 'pg_catalog' then p.proname = 'current_setting' else p.provolatile <> 'i' end
         group by f.source
      ) c on c.source = t.source
  )
select 'warn' as level,
       'policy' as kind,
       format('%s.%I', s.relation, s.polname) as object,
       format('The policy %I of %s calls %s for each row.', s.polname, s.relation, concat_ws(', ', q.spelt, nullif(w.spelt, q.spelt))) as what,
       -- Where the text cannot be read as the tree was, there is no statement to offer.
       case when (q.polid is null or mended.qual <> s.qual) and (w.polid is null or mended.withcheck <> s.withcheck)
            then format('alter policy %I on %s', s.polname, s.relation)
              || coalesce(' using (' || mended.qual || ')', '') || coalesce(' with check (' || mended.withcheck || ')', '') || ';' end as fix
  from spoken s
  left join called q on q.polid = s.polid and q.half = 'using'
  left join called w on w.polid = s.polid and w.half = 'check'
 cross join lateral (
    -- A text constant may hold what looks like a call.
    select regexp_count(s.qual, q.pattern) <> regexp_count(regexp_replace(s.qual, '("[^"]*")|''[^'']*''', '\1', 'g'), q.pattern) as qual,
           regexp_count(s.withcheck, w.pattern) <> regexp_count(regexp_replace(s.withcheck, '("[^"]*")|''[^'']*''', '\1', 'g'), w.pattern) as withcheck
  ) constant
 cross join lateral (
    select case when q.polid is null or constant.qual then s.qual
                else regexp_replace(s.qual, '(?<!select )' || q.pattern, '(select \&)', 'gi') end as qual,
           case when w.polid is null or constant.withcheck then s.withcheck
                else regexp_replace(s.withcheck, '(?<!select )' || w.pattern, '(select \&)', 'gi') end as withcheck
  ) mended
 where s.relrowsecurity and (q.polid is not null or w.polid is not null)
 order by object;
