-- What the current role has of what a build needs: one row per right, with the SQL that grants it.
with
me as (
  select r.rolname, r.rolsuper, r.rolcreaterole, current_setting('server_version_num')::int as version
  from pg_catalog.pg_roles r where r.rolname = current_user
),
wanted (role, member) as (
  values ('enginejs_owner', true), ('enginejs_anonymous', false), ('enginejs_user', false), ('enginejs_system', false),
         ('enginejs_action', true), ('enginejs_reader', true), ('enginejs_writer', true)
)
select format('CREATE on database "%s"', current_database()) as "right",
  format('grant create on database %I to %I;', current_database(), me.rolname) as remedy,
  has_database_privilege(current_database(), 'create') as granted
from me
union all
select format('role %s', w.role), format('create role %I nologin;', w.role),
  r.oid is not null or me.rolsuper or me.rolcreaterole
from me, wanted w left join pg_catalog.pg_roles r on r.rolname = w.role
union all
-- Before version 16, CREATEROLE may grant any of them; from then on only what it has ADMIN of. A role that is missing is created.
-- Nobody inherits enginejs_action where that can be helped: sql/rls/roles.sql says why.
select format('membership in %s', w.role), format('grant %I to %I%s;', w.role, me.rolname,
    case when w.role = 'enginejs_action' and me.version >= 160000 then ' with inherit false, set true' else '' end),
  me.rolsuper or case
    when r.oid is null then me.rolcreaterole
    else pg_has_role(r.oid, 'member') or me.rolcreaterole and me.version < 160000
      or pg_has_role(r.oid, 'member with admin option')
  end
from me, wanted w left join pg_catalog.pg_roles r on r.rolname = w.role where w.member
union all
select 'enginejs_action as a member of enginejs_user', 'grant enginejs_user to enginejs_action;',
  me.rolsuper or case
    when a.oid is null or u.oid is null then me.rolcreaterole
    else exists (select from pg_catalog.pg_auth_members m where m.roleid = u.oid and m.member = a.oid)
      or me.rolcreaterole and me.version < 160000 or pg_has_role(u.oid, 'member with admin option')
  end
from me
left join pg_catalog.pg_roles a on a.rolname = 'enginejs_action'
left join pg_catalog.pg_roles u on u.rolname = 'enginejs_user';
