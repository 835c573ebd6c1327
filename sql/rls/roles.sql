-- The roles of EngineJS: groups without login, the same in every database of the server.
--
--   enginejs_owner      owns every table; builds run as a member of it
--   enginejs_anonymous  a request without a token
--   enginejs_user       a request with one
--   enginejs_system     workflows; passes by policies of its own, never by BYPASSRLS
--   enginejs_action     owns the action functions: the policies of enginejs_user apply, and it alone may write state columns
--   enginejs_reader     owns what policies ask: membership, the actor's claims
--   enginejs_writer     owns outbox and audit, the functions that write them, and graphile_worker
--
-- Needs CREATEROLE only where one of them, or a membership, is missing: an administrator
-- may create them beforehand and grant owner, action, reader and writer to whoever builds.
do $$
declare
  name text;
  wanted record;
  server_version int := current_setting('server_version_num')::int;
  usable boolean;
begin
  foreach name in array array['enginejs_owner', 'enginejs_anonymous', 'enginejs_user', 'enginejs_system',
                              'enginejs_action', 'enginejs_reader', 'enginejs_writer'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then
        null; -- another database of this server is being built at the same moment
      end;
    end if;
  end loop;

  if not exists (
    select from pg_catalog.pg_auth_members m
    where m.roleid = 'enginejs_user'::regrole and m.member = 'enginejs_action'::regrole
  ) then
    grant enginejs_user to enginejs_action;
  end if;

  -- Whoever builds becomes each owner in turn. From version 16 on, CREATEROLE gives only ADMIN of
  -- what it created, so inheritance and SET ROLE are said outright. Nobody inherits enginejs_action
  -- where that can be helped: the restrictive policies of enginejs_user would come along with it.
  for wanted in
    select * from (values ('enginejs_owner', true), ('enginejs_reader', true), ('enginejs_writer', true),
                          ('enginejs_action', false)) as w (role, inherit)
  loop
    usable := pg_has_role(current_user, wanted.role, case when server_version >= 160000 then 'set' else 'member' end)
      and (not wanted.inherit or pg_has_role(current_user, wanted.role, 'usage'));
    if not usable then
      execute format('grant %I to current_user', wanted.role)
        || case when server_version >= 160000 then format(' with inherit %s, set true', wanted.inherit::text) else '' end;
    end if;
  end loop;
end
$$;
