-- no-primary-key: a table has no primary key.
-- Why: Its rows cannot be named: not by an API, not by logical replication of updates, not by who wants to delete one of two duplicates.
-- Fix: add one.
-- See: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS
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
select 'info' as level,
       'table' as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       format('%I.%I has no primary key.', scope.nspname, c.relname) as what,
       -- Where a column id is there and taken as unique already, it can be the key.
       (select format('alter table %I.%I add primary key (id);', scope.nspname, c.relname)
          from pg_index i
          join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] and a.attname = 'id' and a.attnotnull
         where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null
         limit 1) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p') and not c.relispartition
 where not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
