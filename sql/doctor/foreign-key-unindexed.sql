-- foreign-key-unindexed: no index begins with the columns of a foreign key.
-- Why: Deleting or changing a row that is referred to reads the whole referring table, under a lock. So does the join from one to many.
-- Fix: make the index.
-- See: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
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
  )
select case when c.reltuples > 10000 then 'warn' else 'info' end as level,
       'constraint' as kind,
       format('%I.%I.%I', scope.nspname, c.relname, k.conname) as object,
       format('No index of %I.%I begins with the columns of the foreign key %I.', scope.nspname, c.relname, k.conname) as what,
       format('create index on %I.%I (%s);', scope.nspname, c.relname, (
         select string_agg(quote_ident(a.attname), ', ' order by u.place)
           from unnest(k.conkey) with ordinality u (attnum, place)
           join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum)) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p')
  join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
 where not exists (
     -- In any order: equality on all of them is served by each.
     select from pg_index i
      where i.indrelid = c.oid and i.indisvalid and i.indpred is null
        and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
