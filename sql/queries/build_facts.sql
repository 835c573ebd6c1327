-- The facts behind the fingerprint of a build, object by object.
select kind, name, detail from enginejs.catalog_facts(array[$1::text])
union all
select 'function', 'enginejs.membership_roles(uuid, uuid)',
  md5(concat_ws(' ', p.prosrc, p.prosecdef, p.proconfig, pg_get_userbyid(p.proowner)))
from pg_catalog.pg_proc p
where p.oid = to_regprocedure('enginejs.membership_roles(uuid, uuid)');
