-- The objects of a schema by name, as a build calls them: `policy app.invoice.tenancy`, `index app.invoice_owner_id_idx`.
-- For columns also type and nullability. What constraints bring along (their indexes and triggers) is left out.
with class as (
  select c.oid, c.relkind, c.relname, format('%s.%s', n.nspname, c.relname) as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and not c.relispartition
)
select 'table' as kind, c.name, null as detail from class c where c.relkind in ('r', 'p')
union all
select 'view', c.name, null from class c where c.relkind in ('v', 'm')
union all
select 'column', format('%s.%s', c.name, a.attname),
  format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
from class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p')
union all
-- From version 18 on a column's NOT NULL is a constraint too.
select 'constraint', format('%s.%s', c.name, o.conname), null
from class c join pg_catalog.pg_constraint o on o.conrelid = c.oid where o.contype in ('p', 'u', 'f', 'c', 'x')
union all
select 'index', c.name, null
from class c
where c.relkind in ('i', 'I') and not exists (select from pg_catalog.pg_constraint o where o.conindid = c.oid and o.contype in ('p', 'u', 'x'))
union all
select 'policy', format('%s.%s', c.name, p.polname), null
from class c join pg_catalog.pg_policy p on p.polrelid = c.oid
union all
select 'trigger', format('%s.%s', c.name, t.tgname), null
from class c join pg_catalog.pg_trigger t on t.tgrelid = c.oid where not t.tgisinternal
union all
select 'function', format('%s.%s', n.nspname, p.proname), null
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = $1
order by 1, 2;
