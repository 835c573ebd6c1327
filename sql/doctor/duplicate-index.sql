-- duplicate-index: two indexes are the same.
-- Why: Each write keeps both, and both take memory and disk.
-- Fix: drop all but one.
-- See: https://www.postgresql.org/docs/current/sql-dropindex.html
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
select 'warn' as level,
       'table' as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       format('%I.%I has indexes that are the same: %s.', scope.nspname, c.relname, string_agg(quote_ident(x.relname), ', ' order by x.rank)) as what,
       string_agg(format('drop index %I.%I;', scope.nspname, x.relname), ' ' order by x.rank)
         filter (where x.rank > 1 and not x.needed) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p', 'm')
  join (
    select i.indrelid, r.relname, needed.so as needed,
           concat_ws(' ', r.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indisunique or needed.so,
                     i.indnkeyatts, pg_get_expr(i.indexprs, i.indrelid), '/', pg_get_expr(i.indpred, i.indrelid)) as form,
           -- The one that a constraint needs is kept, else the oldest.
           row_number() over (partition by i.indrelid, r.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
             i.indisunique or needed.so, i.indnkeyatts, pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
             order by i.indisprimary desc, needed.so desc, r.oid) as rank
      from pg_index i
      join pg_class r on r.oid = i.indexrelid
     cross join lateral (
        select i.indisprimary or i.indisreplident or i.indisclustered
            or exists (select from pg_constraint k where k.conindid = i.indexrelid)
            or exists (select from pg_inherits h where h.inhrelid = i.indexrelid) as so
      ) needed
     where i.indisvalid
  ) x on x.indrelid = c.oid
 where not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 group by scope.nspname, c.relname, x.form
having count(*) > 1
 order by object;
