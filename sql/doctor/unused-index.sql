-- unused-index: an index has never been used, on a table that is.
-- Why: Each write keeps it. Statistics are those of this server since they were last reset: a standby may use it, and so may a report at the end of
--   the year.
-- Fix: drop it when nothing else needs it.
-- See: https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW
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
       'index' as kind,
       format('%I.%I', scope.nspname, x.relname) as object,
       format('The index %I.%I (%s) has not been used once, while %I.%I was read %s times.', scope.nspname, x.relname,
              pg_size_pretty(x.relpages::bigint * current_setting('block_size')::int), scope.nspname, c.relname, t.reads) as what,
       format('drop index %I.%I;', scope.nspname, x.relname) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'm')
  join pg_index i on i.indrelid = c.oid and not i.indisunique and not i.indisexclusion and not i.indisreplident and i.indisvalid
  join pg_class x on x.oid = i.indexrelid and not x.relispartition
 cross join lateral (select pg_stat_get_numscans(c.oid) + coalesce((
    select sum(pg_stat_get_numscans(o.indexrelid)) from pg_index o where o.indrelid = c.oid), 0) as reads) t
 where t.reads >= 50 and pg_stat_get_numscans(x.oid) = 0
   and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
