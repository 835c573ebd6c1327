-- Gives a login what the server or the worker needs and nothing else: membership of the actor roles,
-- which it must take on by begin_request, and the functions that come before that. Create the login
-- first (`create role shop_server login noinherit password …`, `create role shop_worker login inherit password …`),
-- then, as whoever builds:
--
--   select enginejs.admit_login('shop_server', 'server');
--   select enginejs.admit_login('shop_worker', 'worker');
--
-- The worker's login inherits enginejs_writer, which owns graphile_worker: its tables have row level
-- security without policies, so any other login would see no jobs, and no error. Needs ADMIN of the
-- roles, or CREATEROLE before version 16.
set role enginejs_owner;
create or replace function enginejs.admit_login(login name, kind text) returns void
language plpgsql volatile
as $$
declare
  server_version int := current_setting('server_version_num')::int;
  wanted record;
begin
  if kind is null or kind not in ('server', 'worker') then
    raise exception 'admit_login: kind is ''server'' or ''worker'', not %', coalesce(quote_literal(kind), 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = login) then
    raise exception 'admit_login: role "%" does not exist', login using errcode = 'undefined_object';
  end if;
  for wanted in
    select * from (values
      ('enginejs_anonymous', false, true), ('enginejs_user', false, true),
      ('enginejs_system', false, kind = 'worker'), ('enginejs_writer', true, kind = 'worker')
    ) as w (role, inherit, needed)
  loop
    continue when not wanted.needed;
    -- From version 16 on, whoever made a role has ADMIN of it and no more: a row of pg_auth_members is not yet the right.
    continue when case when server_version >= 160000
      then pg_has_role(login, wanted.role, 'set') and (not wanted.inherit or pg_has_role(login, wanted.role, 'usage'))
      else exists (
        select from pg_catalog.pg_auth_members m
        where m.roleid = wanted.role::regrole and m.member = quote_ident(login)::regrole
      ) end;
    execute format('grant %I to %I', wanted.role, login)
      || case when server_version >= 160000 then format(' with inherit %s, set true', wanted.inherit::text) else '' end;
  end loop;
  if not has_database_privilege(login, current_database(), 'connect') then
    execute format('grant connect on database %I to %I', current_database(), login);
  end if;
  execute format('grant usage on schema enginejs to %I', login);
  execute format('grant execute on function
      enginejs.begin_request(text, uuid, uuid, jsonb, int, text, jsonb),
      enginejs.membership_roles(uuid, uuid),
      enginejs.current_build(),
      enginejs.workflow_metrics()
    to %I', login);
  -- Nobody calls a worker by an API key.
  if kind = 'server' then
    execute format('grant execute on function
        enginejs.authenticate_key(bytea),
        enginejs.receive_webhook(text, text, jsonb, timestamptz, interval)
      to %I', login);
  end if;
end
$$;
revoke execute on function enginejs.admit_login(name, text) from public;
reset role;
