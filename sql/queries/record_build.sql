-- The newest build. $6 and $7: kinds with names, and details, of what is in no model; $8: the same for people; $9: the model's schema.
with
foreign_fact (object, detail) as (select * from unnest($6::text[], $7::text[])),
fact (object, detail) as (
  select concat_ws(' ', f.kind, f.name), f.detail from enginejs.catalog_facts(array[$9::text]) f
  union all
  select 'function enginejs.membership_roles(uuid, uuid)',
    md5(concat_ws(' ', p.prosrc, p.prosecdef, p.proconfig, pg_get_userbyid(p.proowner)))
  from pg_catalog.pg_proc p
  where p.oid = to_regprocedure('enginejs.membership_roles(uuid, uuid)')
),
forgotten as (
  update enginejs.build set facts = null where facts is not null
)
insert into enginejs.build (ir, ir_hash, fingerprint, facts_format, plan, engine_version, foreign_objects, facts)
select $1, $2, $3, $4, $5, $10, $8, jsonb_object_agg(f.object, f.detail)
from fact f
where not exists (
  select from foreign_fact o where o.object = f.object and o.detail is not distinct from f.detail
);
