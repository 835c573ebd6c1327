-- What of a schema has one of some names already: relations and types share them, a table takes both.
select case c.relkind
    when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
    when 'c' then 'composite type' when 'i' then 'index' when 'I' then 'index' else 'table'
  end as kind, c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any ($2)
union all
-- An array's type gives way to a table of its name by itself.
select 'type', t.typname::text, pg_get_userbyid(t.typowner)::text
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname = $1 and t.typname = any ($2) and t.typrelid = 0 and t.typelem = 0
order by 2, 1;
