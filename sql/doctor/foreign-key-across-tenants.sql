-- foreign-key-across-tenants: a foreign key between two tables of tenants leaves the tenant out.
-- Why: A row of one tenant can refer to a row of another: checks of foreign keys do not ask policies. Who tries keys finds out which exist, and a
--   cascade crosses over.
-- Fix: make the tenant a part of the key, on both sides.
-- See: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
with
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
       'constraint' as kind,
       format('%I.%I.%I', scope.nspname, c.relname, k.conname) as object,
       format('%I.%I and %I.%I both have %I, and the foreign key %I does not hold it.', scope.nspname, c.relname, rn.nspname, r.relname,
              mine.attname, k.conname) as what,
       format('alter table %1$I.%2$I add unique (%3$I, %4$s); '
         || 'alter table %5$I.%6$I drop constraint %7$I, add constraint %7$I foreign key (%3$I, %8$s) '
         || 'references %1$I.%2$I (%3$I, %4$s)%9$s%10$s;',
              rn.nspname, r.relname, mine.attname, there.columns, scope.nspname, c.relname, k.conname, here.columns,
              case k.confdeltype when 'c' then ' on delete cascade' when 'r' then ' on delete restrict'
                when 'n' then format(' on delete set null (%s)', here.columns) when 'd' then format(' on delete set default (%s)', here.columns) else '' end,
              case when k.condeferrable then ' deferrable' else '' end || case when k.condeferred then ' initially deferred' else '' end) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid
  join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
  join pg_class r on r.oid = k.confrelid
  join pg_namespace rn on rn.oid = r.relnamespace
  join pg_attribute mine on mine.attrelid = c.oid and mine.attnum > 0 and not mine.attisdropped and not mine.attnum = any (k.conkey)
   and mine.attname ~* '^(tenant|org|organi[sz]ation|account|workspace|company|team)_?id$'
  join pg_attribute theirs on theirs.attrelid = r.oid and theirs.attname = mine.attname and theirs.atttypid = mine.atttypid
   and not theirs.attisdropped and not theirs.attnum = any (k.confkey)
 cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by u.place) as columns
      from unnest(k.conkey) with ordinality u (attnum, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
  ) here
 cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by u.place) as columns
      from unnest(k.confkey) with ordinality u (attnum, place)
      join pg_attribute a on a.attrelid = r.oid and a.attnum = u.attnum
  ) there
 order by object;
