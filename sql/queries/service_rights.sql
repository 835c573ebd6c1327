-- What the current role lacks of what the server or the worker ($1) needs: one row per right, with the SQL that grants it.
-- None where the core was never built in here: there is nothing to grant then.
with
me as (
  select current_user::text as login, current_setting('server_version_num')::int >= 160000 as modern,
    n.oid as schema, p.oid as begin_request, k.oid as authenticate_key, h.oid as receive_webhook
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  left join pg_catalog.pg_proc k on k.pronamespace = n.oid and k.proname = 'authenticate_key'
  left join pg_catalog.pg_proc h on h.pronamespace = n.oid and h.proname = 'receive_webhook'
  where n.nspname = 'enginejs' and p.proname = 'begin_request'
),
wanted (role, inherited) as (
  select role, inherited from (values
    ('enginejs_anonymous', false, true), ('enginejs_user', false, true),
    ('enginejs_system', false, $1 = 'worker'), ('enginejs_writer', true, $1 = 'worker')
  ) as w (role, inherited, needed) where needed
)
select format('membership in %s', w.role) as "right",
  -- From version 16 on, whoever made a role is a member with ADMIN alone.
  case when me.modern and pg_has_role(w.role, 'member')
    then format('grant %I to %I with inherit %s, set true;', w.role, me.login, w.inherited::text)
    else format('select enginejs.admit_login(%L, %L);', me.login, $1) end as remedy
from me, wanted w
where not pg_has_role(w.role, case when me.modern then 'set' else 'member' end)
union all
select format('inheritance of %s', w.role),
  case when me.modern then format('grant %I to %I with inherit true;', w.role, me.login)
    else format('alter role %I inherit;', me.login) end
from me, wanted w
where w.inherited and pg_has_role(w.role, 'member') and not pg_has_role(w.role, 'usage')
union all
select 'EXECUTE on enginejs.begin_request', format('select enginejs.admit_login(%L, %L);', me.login, $1)
from me
where not has_schema_privilege(me.schema, 'usage') or not has_function_privilege(me.begin_request, 'execute')
union all
-- Whoever may answer requests must be able to tell whose key it is.
select 'EXECUTE on enginejs.authenticate_key', format('select enginejs.admit_login(%L, %L);', me.login, $1)
from me
where $1 = 'server' and has_schema_privilege(me.schema, 'usage') and not has_function_privilege(me.authenticate_key, 'execute')
union all
select 'EXECUTE on enginejs.receive_webhook', format('select enginejs.admit_login(%L, %L);', me.login, $1)
from me
where $1 = 'server' and has_schema_privilege(me.schema, 'usage') and not has_function_privilege(me.receive_webhook, 'execute');
