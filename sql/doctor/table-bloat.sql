-- table-bloat: more of a table is dead rows than it should be.
-- Why: Updates and deletes leave rows behind until vacuum takes them. Where it does not keep up, every scan reads them.
-- Fix: vacuum it; when it comes back, look for transactions that never end, and let autovacuum come sooner for this table.
-- See: https://www.postgresql.org/docs/current/routine-vacuuming.html
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
       format('%I.%I (%s) holds %s dead rows and %s living ones.', scope.nspname, c.relname,
              pg_size_pretty(c.relpages::bigint * current_setting('block_size')::int), stat.dead, stat.alive) as what,
       format('vacuum (analyze) %I.%I;', scope.nspname, c.relname) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'm')
 cross join lateral (select pg_stat_get_dead_tuples(c.oid) as dead, pg_stat_get_live_tuples(c.oid) as alive) stat
 where stat.dead > 10000 and stat.dead > stat.alive
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
