--! Previous: -
--! Hash: sha1:f3ff11b4cebb67c5719e7e552e39e3359eedd72f
--! Message: enginejs

-- sql/rls/roles.sql

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

-- sql/schema.sql

-- The schema of the core. Its tables stand in files of their own beside this one.
-- `create schema if not exists` asks for CREATE on the database even where the schema exists.
do $$
begin
  if to_regnamespace('enginejs') is null then
    create schema enginejs authorization enginejs_owner;
  end if;
end
$$;

-- sql/rls/default_privileges.sql

-- New functions are executable by nobody but their owner. Only this global form takes PUBLIC's
-- right away; the form with `in schema` can add rights but take none. It counts per creating role
-- and per database, and each function file revokes once more for itself.
set role enginejs_owner;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_action;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_reader;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_writer;
alter default privileges revoke execute on functions from public;
reset role;

-- sql/rls/schema.sql

-- Who may look into the core's schema, and who may own functions in it.
set role enginejs_owner;
revoke all on schema enginejs from public;
grant usage on schema enginejs to enginejs_anonymous, enginejs_user, enginejs_system;
grant usage, create on schema enginejs to enginejs_action, enginejs_reader, enginejs_writer;
reset role;

-- sql/functions/uuid_v7.sql

-- Time-ordered ids. PostgreSQL 18 has its own, ordered also within a millisecond; before, this
-- builds one from a random uuid (version 4) whose first 48 bits become the milliseconds since 1970
-- and whose version bits become 7. Never order rows by it.
set role enginejs_reader;
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create or replace function enginejs.uuid_v7() returns uuid
    language sql volatile parallel safe
    return pg_catalog.uuidv7();
  else
    create or replace function enginejs.uuid_v7() returns uuid
    language sql volatile parallel safe
    return encode(
      set_bit(
        set_bit(
          overlay(
            uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6
          ),
          52, 1
        ),
        53, 1
      ),
      'hex'
    )::uuid;
  end if;
end
$$;
revoke execute on function enginejs.uuid_v7() from public;
grant execute on function enginejs.uuid_v7()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/actor_id.sql

-- The actor of the request, null for nobody.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.actor_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('enginejs.actor_id', true), '')::uuid;
revoke execute on function enginejs.actor_id() from public;
grant execute on function enginejs.actor_id()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/tenant_id.sql

-- The tenant that the request acts in, null for none.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.tenant_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('enginejs.tenant_id', true), '')::uuid;
revoke execute on function enginejs.tenant_id() from public;
grant execute on function enginejs.tenant_id()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/actor_roles.sql

-- The actor's roles in the tenant; empty for none, never null: "has no such role" must be true for nobody.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.actor_roles() returns text[]
language sql stable parallel safe
return coalesce(nullif(current_setting('enginejs.roles', true), '')::text[], '{}');
revoke execute on function enginejs.actor_roles() from public;
grant execute on function enginejs.actor_roles()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/claims.sql

-- What the request's token said beyond actor and tenant.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.claims() returns jsonb
language sql stable parallel safe
return nullif(current_setting('enginejs.claims', true), '')::jsonb;
revoke execute on function enginejs.claims() from public;
grant execute on function enginejs.claims()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/request_id.sql

-- Names the request in logs, events and audit.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_id() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request_id', true), '');
revoke execute on function enginejs.request_id() from public;
grant execute on function enginejs.request_id()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/request_origin.sql

-- The website whose page made the request, as its Origin header says; null for none. Browsers send it truthfully, anything else sends what it likes.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_origin() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request', true), '')::jsonb ->> 'origin';
revoke execute on function enginejs.request_origin() from public;
grant execute on function enginejs.request_origin()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/request_ip.sql

-- The address that the request came from, as the server saw it; null where there is no request.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.request_ip() returns text
language sql stable parallel safe
return nullif(current_setting('enginejs.request', true), '')::jsonb ->> 'ip';
revoke execute on function enginejs.request_ip() from public;
grant execute on function enginejs.request_ip()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/actor_kind.sql

-- What acts: user, key (a person by an API key), service (a service account), anonymous, system. Never null: what is no actor is anonymous.
-- Inlined by the planner: no SET clause, no security definer. After a transaction the setting reads '', not null.
set role enginejs_reader;
create or replace function enginejs.actor_kind() returns text
language sql stable parallel safe
return coalesce(nullif(current_setting('enginejs.actor_kind', true), ''), 'anonymous');
revoke execute on function enginejs.actor_kind() from public;
grant execute on function enginejs.actor_kind()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/administration_log.sql

-- What administrators do: builds, migrations, flags, grants, keys, acting as somebody else. Append-only: written in the
-- transaction of what it tells of, changed by nobody.
set role enginejs_owner;

create table if not exists enginejs.administration_log (
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  -- Who connected, whatever role he took on.
  login text not null default session_user,
  kind text not null,
  -- Whom it is about, and where.
  actor uuid,
  tenant uuid,
  detail jsonb not null default '{}',
  constraint administration_log_pkey primary key (id),
  constraint administration_log_kind_check check (kind ~ '^[a-z_]+(\.[a-z_]+)*$')
);
create index if not exists administration_log_at_idx on enginejs.administration_log (at);

comment on table enginejs.administration_log is 'What administrators did; append-only.';

reset role;

-- sql/rls/administration_log.sql

-- Administrators read and append; nobody changes. The trigger refuses what the owner could grant himself again.
set role enginejs_owner;
alter table enginejs.administration_log enable row level security;
alter table enginejs.administration_log force row level security;
drop policy if exists owner_all on enginejs.administration_log;
create policy owner_all on enginejs.administration_log to enginejs_owner using (true) with check (true);
revoke all on enginejs.administration_log from public;
revoke update, delete, truncate on enginejs.administration_log from enginejs_owner;
reset role;

-- sql/feature_flags.sql

-- What the model's flags are turned to: for one tenant, or for everybody (tenant null). Without a row the model's default holds.
set role enginejs_owner;

create table if not exists enginejs.feature_flags (
  name text not null,
  tenant uuid,
  value boolean not null,
  set_at timestamptz not null default clock_timestamp(),
  -- Who connected.
  set_by text not null default session_user,
  constraint feature_flags_key unique nulls not distinct (name, tenant)
);

comment on table enginejs.feature_flags is 'What flags are turned to, for one tenant or for everybody; read by enginejs.flag().';

reset role;

-- sql/service_accounts.sql

-- Programs that act in a tenant with roles of their own, by API keys. The id is the actor's id.
set role enginejs_owner;

create table if not exists enginejs.service_accounts (
  id uuid not null default enginejs.uuid_v7(),
  -- Null where the model has no tenancy.
  tenant uuid,
  name text not null,
  -- Counted at every request; roles of the platform never come from here.
  roles text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null default session_user,
  disabled_at timestamptz,
  constraint service_accounts_pkey primary key (id),
  constraint service_accounts_name_key unique nulls not distinct (tenant, name)
);

comment on table enginejs.service_accounts is 'Programs that act in a tenant with roles of their own, by API keys.';

reset role;

-- sql/api_keys.sql

-- Secrets by which programs act: as a service account, or as the person who owns the key. Only the SHA-256 of a key
-- is kept. It needs no salt and no slow hash: what is hashed is 256 random bits, not a password.
set role enginejs_owner;

create table if not exists enginejs.api_keys (
  id uuid not null default enginejs.uuid_v7(),
  name text not null,
  -- The part of the key that people may see, to tell keys apart.
  prefix text not null,
  hash bytea not null,
  service_account uuid,
  -- The person whose key it is, and the tenant that it acts in.
  actor uuid,
  tenant uuid,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null default session_user,
  expires_at timestamptz,
  revoked_at timestamptz,
  -- To the minute.
  last_used_at timestamptz,
  constraint api_keys_pkey primary key (id),
  constraint api_keys_prefix_key unique (prefix),
  constraint api_keys_hash_key unique (hash),
  constraint api_keys_service_account_fkey foreign key (service_account) references enginejs.service_accounts (id) on delete cascade,
  constraint api_keys_hash_check check (octet_length(hash) = 32),
  constraint api_keys_owner_check check ((service_account is null) <> (actor is null)),
  constraint api_keys_tenant_check check (service_account is null or tenant is null)
);
create index if not exists api_keys_service_account_idx on enginejs.api_keys (service_account);

comment on table enginejs.api_keys is 'API keys by the SHA-256 of their secret; the secret itself is nowhere.';

reset role;

-- sql/role_grants.sql

-- Roles that somebody has for a while, beside those of his membership. They count at once and end by themselves, by the database's clock.
set role enginejs_owner;

create table if not exists enginejs.role_grants (
  id uuid not null default enginejs.uuid_v7(),
  actor uuid not null,
  -- Null where the model has no tenancy.
  tenant uuid,
  role text not null,
  valid_from timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  reason text not null,
  granted_at timestamptz not null default clock_timestamp(),
  granted_by text not null default session_user,
  revoked_at timestamptz,
  constraint role_grants_pkey primary key (id),
  constraint role_grants_window_check check (valid_from < valid_until),
  constraint role_grants_reason_check check (reason ~ '\S')
);
create index if not exists role_grants_actor_idx on enginejs.role_grants (actor, valid_until) where revoked_at is null;

comment on table enginejs.role_grants is 'Temporary roles, each with its reason; they end by themselves.';

reset role;

-- sql/rls/identity.sql

-- Flags, service accounts, keys and grants are administrators' business; enginejs_reader asks them for requests. Actors get nothing.
do $$
declare
  name text;
begin
  set local role enginejs_owner;
  foreach name in array array['feature_flags', 'service_accounts', 'api_keys', 'role_grants'] loop
    execute format('alter table enginejs.%I enable row level security', name);
    execute format('alter table enginejs.%I force row level security', name);
    execute format('drop policy if exists owner_all on enginejs.%I', name);
    execute format('create policy owner_all on enginejs.%I to enginejs_owner using (true) with check (true)', name);
    execute format('drop policy if exists reader_read on enginejs.%I', name);
    execute format('create policy reader_read on enginejs.%I for select to enginejs_reader using (true)', name);
    execute format('revoke all on enginejs.%I from public', name);
    execute format('grant select on enginejs.%I to enginejs_reader', name);
  end loop;
  -- When a key was used is the one thing that a request writes.
  drop policy if exists reader_touch on enginejs.api_keys;
  create policy reader_touch on enginejs.api_keys for update to enginejs_reader using (true) with check (true);
  grant update (last_used_at) on enginejs.api_keys to enginejs_reader;
  reset role;
end
$$;

-- sql/functions/record_administration.sql

-- Writes one line of the administration log, in the transaction of what it tells of.
--
--   select enginejs.record_administration('impersonation', actor, tenant, '{"command": "token"}');
--
-- For whoever builds. Not a definer's function: whoever may write the log is a member of its owner.
set role enginejs_owner;
create or replace function enginejs.record_administration(kind text, actor uuid, tenant uuid, detail jsonb) returns void
language sql volatile
begin atomic
  insert into enginejs.administration_log (kind, actor, tenant, detail)
  values (record_administration.kind, record_administration.actor, record_administration.tenant, coalesce(record_administration.detail, '{}'));
end;
revoke execute on function enginejs.record_administration(text, uuid, uuid, jsonb) from public;
reset role;

-- sql/functions/record_change.sql

-- Row trigger: a change of what administrators keep is a line of the administration log, whoever makes it, by a command or by hand.
-- The argument names the kind: grant.create, grant.revoke, key.change …
-- A definer's function, because whoever may change the row need not be able to write the log.
set role enginejs_owner;
create or replace function enginejs.record_change() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- The hash of a key is nobody's business; a row's id is the actor's where the row is an account.
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - 'hash' end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - 'hash' end;
  subject constant jsonb := coalesce(after, before);
  verb text;
begin
  if before is not distinct from after then
    return null;
  end if;
  verb := case
    when tg_op = 'INSERT' then 'create'
    when tg_op = 'DELETE' then 'delete'
    when before ->> 'revoked_at' is null and after ->> 'revoked_at' is not null then 'revoke'
    when before ->> 'disabled_at' is null and after ->> 'disabled_at' is not null then 'disable'
    else 'change'
  end;
  perform enginejs.record_administration(
    tg_argv[0] || '.' || verb,
    coalesce(subject ->> 'actor', subject ->> 'service_account', case tg_argv[0] when 'service_account' then subject ->> 'id' end)::uuid,
    (subject ->> 'tenant')::uuid,
    case when before is null or after is null then subject else jsonb_build_object('before', before, 'after', after) end);
  return null;
end
$$;
revoke execute on function enginejs.record_change() from public;

create or replace trigger record_change after insert or update or delete on enginejs.feature_flags
  for each row execute function enginejs.record_change('flag');
create or replace trigger record_change after insert or update or delete on enginejs.service_accounts
  for each row execute function enginejs.record_change('service_account');
create or replace trigger record_change after insert or update or delete on enginejs.role_grants
  for each row execute function enginejs.record_change('grant');
-- That a key was used is nothing that an administrator did.
create or replace trigger record_change
  after insert or delete or update of name, prefix, hash, service_account, actor, tenant, expires_at, revoked_at on enginejs.api_keys
  for each row execute function enginejs.record_change('key');
reset role;

-- sql/functions/refuse_rewriting.sql

-- Statement trigger: what is recorded stays. Refuses also the owner, whom no right stops.
set role enginejs_owner;
create or replace function enginejs.refuse_rewriting() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s: %s is refused, the table records what administrators do', tg_table_schema, tg_table_name, lower(tg_op)),
    table = tg_table_name, schema = tg_table_schema;
end
$$;
revoke execute on function enginejs.refuse_rewriting() from public;

create or replace trigger refuse_rewriting before update or delete or truncate on enginejs.administration_log
  for each statement execute function enginejs.refuse_rewriting();
-- Row triggers do not see a truncate: what is granted would end without a record.
create or replace trigger refuse_rewriting before truncate on enginejs.feature_flags
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.service_accounts
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.api_keys
  for each statement execute function enginejs.refuse_rewriting();
create or replace trigger refuse_rewriting before truncate on enginejs.role_grants
  for each statement execute function enginejs.refuse_rewriting();
reset role;

-- sql/functions/flag.sql

-- Whether a flag is on: as the actor's tenant has it, else as everybody has it, else `otherwise`, the model's default.
-- A definer's function, for actors may not read the table; in policies it stands as `(select enginejs.flag(…))`, once per statement.
set role enginejs_reader;
create or replace function enginejs.flag(name text, otherwise boolean) returns boolean
language sql stable parallel safe security definer set search_path = ''
begin atomic
  select coalesce((
    select f.value
    from enginejs.feature_flags f
    where f.name = flag.name and (f.tenant = enginejs.tenant_id() or f.tenant is null)
    order by f.tenant nulls last
    limit 1
  ), otherwise);
end;
revoke execute on function enginejs.flag(text, boolean) from public;
grant execute on function enginejs.flag(text, boolean)
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;

-- sql/functions/granted_roles.sql

-- Roles that an actor has in a tenant beside a membership: temporary grants that are in force, and a service account's own.
-- Null: nothing of the kind. What they are called is not judged here: enginejs.membership_roles() counts the model's roles of tenants alone.
--
-- Asked at every request, mostly for nothing: so the first look is all that most of them pay, and it is in PL/pgSQL, which keeps plans.
set role enginejs_reader;
create or replace function enginejs.granted_roles(actor uuid, tenant uuid) returns text[]
language plpgsql stable parallel safe
as $$
begin
  if not exists (select from enginejs.role_grants g where g.actor = granted_roles.actor and g.revoked_at is null)
    and not exists (select from enginejs.service_accounts s where s.id = granted_roles.actor) then
    return null;
  end if;
  return (
    select array_remove(array_agg(r.role), null)
    from (
      select g.role
      from enginejs.role_grants g
      where g.actor = granted_roles.actor and g.tenant is not distinct from granted_roles.tenant
        and g.revoked_at is null and g.valid_from <= statement_timestamp() and statement_timestamp() < g.valid_until
      union all
      -- One more that is null: an account without roles is no stranger.
      select unnest(array_append(s.roles, null))
      from enginejs.service_accounts s
      where s.id = granted_roles.actor and s.tenant is not distinct from granted_roles.tenant and s.disabled_at is null
    ) r
  );
end
$$;
revoke execute on function enginejs.granted_roles(uuid, uuid) from public;
reset role;

-- sql/functions/authenticate_key.sql

-- Who acts by an API key, given the SHA-256 of it; no row for a key that does not count, whatever the reason: one that nobody has made,
-- that has expired, was revoked, or belongs to a disabled account. Found by the hash alone: what a caller can learn from the time
-- that takes is about a hash which he cannot choose.
--
-- Remembers when the key was used, to the minute and without waiting for anybody: not one write per request.
set role enginejs_reader;
create or replace function enginejs.authenticate_key(hash bytea)
returns table (kind text, actor uuid, tenant uuid)
language plpgsql volatile parallel unsafe security definer set search_path = ''
as $$
declare
  key record;
begin
  select k.id, k.actor, k.tenant, k.last_used_at, s.id as account, s.tenant as account_tenant
  into key
  from enginejs.api_keys k left join enginejs.service_accounts s on s.id = k.service_account
  where k.hash = authenticate_key.hash
    and k.revoked_at is null and (k.expires_at is null or clock_timestamp() < k.expires_at) and s.disabled_at is null;
  if not found then
    return;
  end if;
  if (key.last_used_at is null or key.last_used_at < clock_timestamp() - interval '1 minute')
    and current_setting('transaction_read_only') = 'off' then
    update enginejs.api_keys k set last_used_at = clock_timestamp()
    where k.id = (select c.id from enginejs.api_keys c where c.id = key.id for update skip locked);
  end if;
  return query select
    case when key.account is null then 'key' else 'service' end,
    coalesce(key.account, key.actor),
    case when key.account is null then key.tenant else key.account_tenant end;
end
$$;
revoke execute on function enginejs.authenticate_key(bytea) from public;
reset role;

-- sql/functions/membership_roles.sql

-- The actor's roles in a tenant, read at each request so that a revoked membership counts at once.
-- Null: the actor is no member of it. This is the core's stand-in for systems without tenancy; the
-- build of one that declares a membership replaces the body (`create or replace`, same signature).
-- A definer's function: the actor need not be able to read memberships.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.membership_roles(uuid, uuid)') is null then
    create function enginejs.membership_roles(actor uuid, tenant uuid) returns text[]
    language sql stable parallel safe security definer set search_path = ''
    as 'select ''{}''::text[]';
  end if;
end
$$;
revoke execute on function enginejs.membership_roles(uuid, uuid) from public;
reset role;

-- sql/functions/begin_request.sql

-- Starts every database step of a request, inside its transaction: role, claims and time limit, all
-- of them gone when the transaction ends. The one place to change for servers that need another way.
--
-- No definer's function: those may not change the role. For logins only, never for an actor role:
-- whoever may call it chooses who he is. Logins get it by enginejs.admit_login().
--
-- A tenant of which the actor is no member is not set at all, so that nothing of it is visible.
-- enginejs_system acts for the platform: it is a member nowhere, and the tenant is set as given.
--
-- `request` is what the server knows of the call: {"origin", "ip"}, and "kind" where no person with a token acts:
-- "service" for a service account, "key" for a person by an API key; and "traceparent", which events carry on. Nothing else of it counts.
set role enginejs_owner;
create or replace function enginejs.begin_request(
  role text,
  actor uuid,
  tenant uuid,
  claims jsonb,
  statement_timeout_ms int,
  request_id text,
  request jsonb default null
) returns void
language plpgsql volatile parallel unsafe
as $$
declare
  roles text[];
  kind text;
begin
  if role is null or role not in ('enginejs_anonymous', 'enginejs_user', 'enginejs_system') then
    raise exception 'begin_request: % is not a role that a request can have', coalesce(quote_literal(role), 'null')
      using errcode = 'insufficient_privilege';
  end if;
  kind := case
    when role = 'enginejs_system' then 'system'
    when role = 'enginejs_anonymous' or actor is null then 'anonymous'
    else coalesce(request ->> 'kind', 'user')
  end;
  if role = 'enginejs_user' and request ->> 'kind' not in ('user', 'service', 'key') then
    raise exception 'begin_request: % is not a kind of actor that a request can have', quote_literal(request ->> 'kind')
      using errcode = 'insufficient_privilege';
  end if;
  if role = 'enginejs_user' and actor is not null then
    roles := enginejs.membership_roles(actor, tenant);
  end if;
  if roles is null and role <> 'enginejs_system' then
    tenant := null;
  end if;
  -- The role comes last: afterwards this login's own rights are gone.
  perform
    pg_catalog.set_config('enginejs.actor_kind', kind, true),
    pg_catalog.set_config('enginejs.actor_id', coalesce(actor::text, ''), true),
    pg_catalog.set_config('enginejs.tenant_id', coalesce(tenant::text, ''), true),
    pg_catalog.set_config('enginejs.roles', coalesce(roles::text, '{}'), true),
    pg_catalog.set_config('enginejs.claims', coalesce(claims::text, ''), true),
    pg_catalog.set_config('enginejs.request_id', coalesce(request_id, ''), true),
    pg_catalog.set_config('enginejs.request', coalesce(request::text, ''), true),
    case when request ? 'traceparent'
      then pg_catalog.set_config('enginejs.traceparent', request ->> 'traceparent', true) end,
    case when statement_timeout_ms is not null
      then pg_catalog.set_config('statement_timeout', statement_timeout_ms::text, true) end,
    pg_catalog.set_config('role', role, true);
end
$$;
revoke execute on function enginejs.begin_request(text, uuid, uuid, jsonb, int, text, jsonb) from public;
reset role;

-- sql/functions/explain_terms.sql

-- What the terms of a rule come to, [{"term": "…", "verdict": true}, …]: their verdict together by three-valued logic, and
-- the first that is not true, in the order of the model's text.
set role enginejs_reader;
create or replace function enginejs.explain_terms(of jsonb) returns table (verdict boolean, failed text, terms jsonb)
language sql immutable parallel safe
set search_path = ''
as $$
  select
    case
      when bool_or(item.term ->> 'verdict' = 'false') then false
      when bool_or(item.term ->> 'verdict' is null) then null
      else true
    end,
    (array_agg(item.term ->> 'term' order by item.place)
      filter (where item.term ->> 'verdict' is distinct from 'true'))[1],
    explain_terms.of
  from jsonb_array_elements(explain_terms.of) with ordinality as item (term, place)
$$;
revoke execute on function enginejs.explain_terms(jsonb) from public;
reset role;

-- sql/functions/explain_rules.sql

-- The rules that speak about a command on a row, for the actor of the settings. This is the core's stand-in, which knows
-- no rule; a build replaces the body (`create or replace`, same signature) with one that asks the entity's own function.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.explain_rules(text, text, uuid)') is null then
    create function enginejs.explain_rules(entity text, command text, id uuid)
    returns table (
      ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
    )
    language sql stable security definer set search_path = ''
    as 'select 0, '''', '''', '''', false, '''', ''[]''::jsonb, '''' where false';
  end if;
end
$$;
revoke execute on function enginejs.explain_rules(text, text, uuid) from public;
reset role;

-- sql/functions/explain_decision.sql

-- What the lines of an explanation come to: true, false, or null for "it depends on the row", and why. An allow must be true,
-- no deny may be, and everything else must be. What rules say of what is left behind counts where nothing is touched (a new
-- row); where something is, it depends on the change: `leaves` names the rules that the unchanged row does not fulfil.
--
-- what: "Invoice.update", for the sentence.  of_row: a row is given, so that unknown is no. A field's lines count where the
-- command names the field.
set role enginejs_reader;
create or replace function enginejs.explain_decision(
  what text, lines jsonb, of_row boolean, of_field boolean,
  out verdict boolean, out why text, out leaves text
)
language sql immutable
set search_path = ''
as $$
  with line as (
    select l.* from jsonb_to_recordset(lines)
      as l (ordinal int, rule text, effect text, aspect text, verdict boolean, failed text)
    where l.effect <> 'field' or of_field
  ), change as (
    -- What rules say of the row as a change of it would leave it.
    select l.* from line as l
    where l.aspect = 'leave' and l.effect in ('allow', 'deny')
      and exists (select from line as t where t.aspect = 'touch' and t.effect = 'allow')
  ), judged as (
    select l.* from line as l where not exists (select from change as c where c.ordinal = l.ordinal)
  ), demand as (
    -- Each demand with what is said where it is not fulfilled.
    select min(ordinal) as ordinal,
      case when bool_or(verdict) then true when bool_or(verdict is null) then null else false end as verdict,
      what || ' is for: ' || string_agg(rule, ', ' order by ordinal) as why
    from judged where effect = 'allow' group by effect
    union all
    select ordinal, case when of_row then verdict is not true else not verdict end,
      what || ' is denied: ' || rule
    from judged where effect = 'deny'
    union all
    select ordinal, verdict,
      case effect when 'tenancy' then 'tenancy: ' || failed
        when 'guard' then rule
        when 'state' then rule || ': ' || failed
        when 'column' then failed
        else rule || case when failed is null then '' else ': ' || failed end end
    from judged where effect not in ('allow', 'deny')
  ), unfulfilled as (
    select d.why, case when of_row then false else d.verdict end as verdict
    from demand as d where d.verdict is not true order by d.verdict is null, d.ordinal limit 1
  ), left_behind as (
    select min(ordinal) as ordinal, string_agg(rule, ', ' order by ordinal) as sentence
    from change where effect = 'allow' having bool_or(verdict) is not true
    union all
    select ordinal, 'nothing of: ' || rule
    from change where effect = 'deny' and case when of_row then verdict else verdict is not false end
  )
  select
    case when exists (select from unfulfilled) then (select u.verdict from unfulfilled as u) else true end,
    coalesce(
      (select u.why from unfulfilled as u),
      (select string_agg(j.rule, ', ' order by j.ordinal) from judged as j where j.effect = 'allow' and j.verdict)
    ),
    (select string_agg(b.sentence, '; ' order by b.ordinal) from left_behind as b where b.sentence is not null)
$$;
revoke execute on function enginejs.explain_decision(text, jsonb, boolean, boolean) from public;
reset role;

-- sql/functions/explain.sql

-- Why an actor may do something with a row, or may not: each rule that speaks about it, with its verdict and the first term
-- that failed, and last one line of effect `verdict`. Of an update it says whether the row may be touched; where the unchanged
-- row is not one that may be left behind, it names what may. For builders; an actor never calls it.
--
--   select rule, effect, verdict, failed from enginejs.explain('…actor', '…tenant', 'Invoice', 'update', '…id');
--
-- entity and command are the model's names; `update dueAt` asks for one field. Without an id: what holds whichever the row.
-- The actor's roles are read live, as at each request; the settings are those of the actor only as long as this runs. Where
-- it fails, the rollback that follows takes them back. A row that the actor may not read does not exist for him.
set role enginejs_reader;
create or replace function enginejs.explain(actor uuid, tenant uuid, entity text, command text, id uuid default null)
returns table (
  ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
)
language plpgsql volatile security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  names constant text[] := array[
    'enginejs.actor_kind', 'enginejs.actor_id', 'enginejs.tenant_id', 'enginejs.roles', 'enginejs.claims', 'enginejs.request'
  ];
  before constant text[] := array(
    select coalesce(pg_catalog.current_setting(n.name, true), '')
    from pg_catalog.unnest(names) with ordinality as n (name, place) order by n.place
  );
  held text[];
  lines jsonb;
  reading jsonb;
  decision record;
  readable record;
begin
  if actor is not null then
    held := enginejs.membership_roles(actor, tenant);
  end if;
  perform pg_catalog.set_config(n.name, coalesce(n.value, ''), true)
  from (values
    ('enginejs.actor_kind', case when actor is null then 'anonymous'
      when exists (select from enginejs.service_accounts as s where s.id = explain.actor) then 'service' else 'user' end),
    ('enginejs.actor_id', actor::text),
    -- A tenant of which he is no member is not set at all.
    ('enginejs.tenant_id', case when held is not null then tenant::text end),
    ('enginejs.roles', coalesce(held::text, '{}')),
    ('enginejs.claims', ''),
    ('enginejs.request', '')
  ) as n (name, value);

  select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) order by r.ordinal) into lines
  from enginejs.explain_rules(explain.entity, explain.command, explain.id) as r;
  select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) order by r.ordinal) into reading
  from enginejs.explain_rules(explain.entity, 'read', explain.id) as r
  where explain.id is not null and pg_catalog.split_part(explain.command, ' ', 1) not in ('read', 'create');

  perform pg_catalog.set_config(n.name, before[n.place], true)
  from pg_catalog.unnest(names) with ordinality as n (name, place);

  if lines is null then
    ordinal := 1;
    rule := 'verdict';
    effect := 'verdict';
    if id is not null and exists (select from enginejs.explain_rules(explain.entity, explain.command, null)) then
      verdict := false;
      failed := entity || ' ' || id || ' does not exist';
      return next;
      return;
    end if;
    raise exception 'explain: the model has no % that knows "%"', pg_catalog.quote_ident(entity), command
      using errcode = 'invalid_parameter_value', hint = 'Give the names of the model: Invoice and update, pay or update dueAt.';
  end if;

  -- Counted anew: those of an entity's function go through all of its commands.
  return query select
    (pg_catalog.row_number() over (order by l.ordinal))::int,
    l.rule, l.effect, l.aspect, l.verdict, l.failed, l.terms, l.source
  from pg_catalog.jsonb_to_recordset(lines) as l (
    ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
  ) order by l.ordinal;
  select * into decision from enginejs.explain_decision(
    entity || '.' || command, lines, id is not null, command like '% %'
  );
  if reading is not null then
    select * into readable from enginejs.explain_decision(entity || '.read', reading, true, false);
    if readable.verdict is not true then
      decision.verdict := false;
      decision.why := entity || ' ' || id || ' does not exist for this actor: ' || readable.why;
    end if;
  end if;
  return query select
    (pg_catalog.jsonb_array_length(lines) + 1), 'verdict', 'verdict', null::text, decision.verdict,
    case when decision.verdict and decision.leaves is not null then 'allowed, where it leaves behind: ' || decision.leaves
      when decision.verdict then 'allowed: ' || decision.why
      when decision.verdict is null then 'depends on the row: ' || decision.why
      else 'denied: ' || decision.why end,
    '[]'::jsonb, null::text;
end
$$;
revoke execute on function enginejs.explain(uuid, uuid, text, text, uuid) from public;
grant execute on function enginejs.explain(uuid, uuid, text, text, uuid) to enginejs_owner;
reset role;

-- sql/build.sql

-- What was built into this database, newest last. The model (IR) as it was applied, so that server
-- and worker start without model files and the next build has something to compare with.
set role enginejs_owner;

create table if not exists enginejs.build (
  id bigint generated always as identity,
  ir jsonb not null,
  ir_hash text not null,
  -- enginejs.catalog_fingerprint() after the build: tells of changes that somebody made by hand.
  fingerprint text not null,
  -- enginejs.catalog_facts() after the build, by kind and name, without what is in no model: what was built,
  -- object by object. Of the newest build alone: it is large, and nobody asks for an older one's.
  facts jsonb,
  -- Which text of enginejs.catalog_facts() they come from: those of another one cannot be compared.
  facts_format text not null default '',
  -- What was in the schema then and in no model: [{"object": "policy app.invoice.everybody", "guarded": true}].
  foreign_objects jsonb not null default '[]',
  -- What the plan did: a list of statements with their hazards, for people and for `enginejs inspect`.
  plan jsonb not null default '{}',
  engine_version text not null,
  -- Who connected; current_user is enginejs_owner whoever builds.
  built_by text not null default session_user,
  built_at timestamptz not null default clock_timestamp(),
  constraint build_pkey primary key (id)
);

comment on table enginejs.build is 'What was built into this database; the row with the highest id is what it holds now.';

reset role;

-- sql/rls/build.sql

-- Builds are the owner's business. enginejs_reader hands the newest one to the server and the worker.
set role enginejs_owner;
alter table enginejs.build enable row level security;
alter table enginejs.build force row level security;
drop policy if exists owner_all on enginejs.build;
create policy owner_all on enginejs.build to enginejs_owner using (true) with check (true);
drop policy if exists reader_read on enginejs.build;
create policy reader_read on enginejs.build for select to enginejs_reader using (true);
revoke all on enginejs.build from public;
grant select on enginejs.build to enginejs_reader;
reset role;

-- sql/functions/record_build.sql

-- Row trigger: each build is a line of the administration log: its hash, how many statements, and the policies and rights
-- that it touched, by name; and who gained or lost what by it, where that changed.
set role enginejs_owner;
create or replace function enginejs.record_build() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform enginejs.record_administration('build', null, null, (
    select jsonb_build_object(
      'build', new.id, 'hash', new.ir_hash, 'engine', new.engine_version,
      'statements', jsonb_array_length(coalesce(new.plan -> 'steps', '[]')),
      'authorization', coalesce(jsonb_agg(distinct s.step - 'hazards'), '[]'))
      || case when new.plan ? 'access' then jsonb_build_object('access', new.plan -> 'access') else '{}' end
    from jsonb_array_elements(coalesce(new.plan -> 'steps', '[]')) as s (step)
    where s.step ->> 'kind' in ('policy', 'row security', 'grant', 'revoke') or s.step -> 'hazards' ? 'changes authorization'));
  return null;
end
$$;
revoke execute on function enginejs.record_build() from public;

create or replace trigger record_build after insert on enginejs.build
  for each row execute function enginejs.record_build();
reset role;

-- sql/functions/current_build.sql

-- The model that this database holds, for the server and the worker: they start without model files.
-- A definer's function, because their logins can read no table.
set role enginejs_reader;
create or replace function enginejs.current_build()
returns table (id bigint, ir jsonb, ir_hash text, fingerprint text, engine_version text, built_at timestamptz)
language sql stable parallel safe security definer set search_path = ''
begin atomic
  select b.id, b.ir, b.ir_hash, b.fingerprint, b.engine_version, b.built_at
  from enginejs.build b
  order by b.id desc
  limit 1;
end;
revoke execute on function enginejs.current_build() from public;
grant execute on function enginejs.current_build() to enginejs_owner;
reset role;

-- sql/functions/platform_roles.sql

-- The roles of the platform (`of: "system"`) that an actor has now, with those that they include: grants in force that
-- name no tenant, of roles that the newest build declares so. Read live, asked only by what needs such a role: no
-- request, no policy and no claim of a token carries them.
set role enginejs_reader;
create or replace function enginejs.platform_roles(actor uuid) returns text[]
language sql stable security definer set search_path = ''
begin atomic
  select coalesce(array_agg(distinct x.role order by x.role), '{}')
  from enginejs.role_grants g
  cross join lateral (
    select b.ir -> 'roles' as roles from enginejs.build b order by b.id desc limit 1
  ) newest
  cross join lateral jsonb_array_elements(newest.roles) as d (declared)
  cross join lateral (
    select d.declared ->> 'name' as role
    union all
    select i.included from jsonb_array_elements_text(d.declared -> 'includes') as i (included)
    where exists (
      select from jsonb_array_elements(newest.roles) as o (other)
      where o.other ->> 'name' = i.included and o.other ->> 'of' = 'system')
  ) x
  where g.actor = platform_roles.actor and g.tenant is null and g.revoked_at is null
    and g.valid_from <= statement_timestamp() and statement_timestamp() < g.valid_until
    and d.declared ->> 'name' = g.role and d.declared ->> 'of' = 'system';
end;
revoke execute on function enginejs.platform_roles(uuid) from public;
grant execute on function enginejs.platform_roles(uuid) to enginejs_owner, enginejs_writer;
reset role;

-- sql/functions/catalog_facts.sql

-- What the catalogue says of some schemas, one row for each object: tables, columns, constraints, indexes,
-- policies, functions, triggers, views, sequences, types, owners, grants, and the roles of EngineJS themselves.
-- A build stores it, so that a later one can name what somebody changed by hand, object by object.
--
-- Kind and name as a build calls an object: `policy`, `app.invoice.tenancy`. The detail is text for
-- people where it is short by nature, and an md5 where it is a body or an expression of any length.
--
-- Names instead of oids: the same objects give the same rows however and in which order they were made.
-- Columns count by name, not by position. Partitions are left out: they come and go with time. Comments
-- are left out: they change nothing. The empty search_path makes every printed name a qualified one.
set role enginejs_reader;
create or replace function enginejs.catalog_facts(schemas text[]) returns table (kind text, name text, detail text)
language sql stable rows 10000 set search_path = '' set quote_all_identifiers = off set jit = off
begin atomic
  with
  namespace as (
    select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n where n.nspname = any (schemas)
  ),
  class as (
    select c.*, n.nspname, format('%s.%s', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join namespace n on n.oid = c.relnamespace
    where not c.relispartition
  ),
  routine as (
    select p.*, format('%s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name
    from pg_catalog.pg_proc p join namespace n on n.oid = p.pronamespace
  ),
  -- Access lists as sorted text; a null list means the default one, which acldefault spells out.
  access (kind, name, list) as (
    select 'schema', n.nspname::text, coalesce(n.nspacl, acldefault('n', n.nspowner)) from namespace n
    union all
    select case when c.relkind = 'S' then 'sequence' when c.relkind in ('v', 'm') then 'view' else 'table' end, c.name,
      coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'function', r.name, coalesce(r.proacl, acldefault('f', r.proowner)) from routine r
    union all
    select 'column', format('%s.%s', c.name, a.attname), a.attacl
    from class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where a.attacl is not null and a.attnum > 0 and not a.attisdropped
    union all
    select 'default privileges', format('%s %s %s', pg_get_userbyid(d.defaclrole), coalesce(n.nspname, '*'), d.defaclobjtype),
      d.defaclacl
    from pg_catalog.pg_default_acl d
    left join namespace n on n.oid = d.defaclnamespace
    where d.defaclnamespace = 0 and starts_with(pg_get_userbyid(d.defaclrole), 'enginejs_') or n.oid is not null
  ),
  fact (kind, name, detail) as (
    select 'schema', n.nspname::text, pg_get_userbyid(n.nspowner)::text from namespace n
    union all
    select case when c.relkind in ('r', 'p') then 'table' when c.relkind in ('v', 'm') then 'view' else 'relation' end, c.name,
      concat_ws(' ', case c.relpersistence when 'p' then 'logged' when 'u' then 'unlogged' else 'temporary' end,
        case c.relkind when 'r' then 'table' when 'v' then 'view' else format('of kind %s', c.relkind) end,
        'of ' || pg_get_userbyid(c.relowner), 'with replica identity ' || nullif(c.relreplident::text, 'd'),
        'with ' || array_to_string(c.reloptions, ', '), pg_get_partkeydef(c.oid),
        case when c.relkind in ('v', 'm') then md5(pg_get_viewdef(c.oid)) end)
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'row security', c.name, concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity)
    from class c where c.relkind in ('r', 'p')
    union all
    -- A domain's collation is its own; a column's is said where it is not its type's.
    select 'column', format('%s.%s', c.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      'collate ' || case when a.attcollation <> t.typcollation then k.collname end,
      case when a.attnotnull then 'not null' end,
      'generated as identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''))
    from class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_collation k on k.oid = a.attcollation
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'default', format('%s.%s', c.name, a.attname), pg_get_expr(d.adbin, d.adrelid)
    from class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    -- A column's NOT NULL, from version 18 on a constraint too, is said with the column.
    select 'constraint', format('%s.%s', c.name, o.conname), pg_get_constraintdef(o.oid)
    from class c join pg_catalog.pg_constraint o on o.conrelid = c.oid where o.contype <> 'n' or not o.convalidated
    union all
    select case when o.conindid is null then 'index' else 'index of constraint' end,
      format('%s.%s', c.nspname, x.relname), concat_ws(' ', pg_get_indexdef(i.indexrelid),
      i.indisvalid, i.indisready, i.indisprimary, i.indisreplident, x.reloptions)
    from class c
    join pg_catalog.pg_index i on i.indrelid = c.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    left join (select distinct conindid from pg_catalog.pg_constraint where contype in ('p', 'u', 'x')) o on o.conindid = x.oid
    union all
    select 'policy', format('%s.%s', c.name, p.polname), concat_ws(' ', p.polcmd, p.polpermissive,
      (select string_agg(case r.oid when 0 then 'public' else pg_get_userbyid(r.oid)::text end, ','
        order by pg_get_userbyid(r.oid)::text collate "C") from unnest(p.polroles) as r (oid)),
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
    from class c join pg_catalog.pg_policy p on p.polrelid = c.oid
    union all
    -- The triggers of foreign keys are named after oids: their constraint and function tell them apart.
    select case when t.tgisinternal then 'trigger of constraint' else 'trigger' end,
      format('%s.%s', c.name, case when t.tgisinternal then format('%s/%s', o.conname, t.tgfoid::regproc) else t.tgname end),
      concat_ws(' ', t.tgenabled, case when not t.tgisinternal then pg_get_triggerdef(t.oid) end)
    from class c
    join pg_catalog.pg_trigger t on t.tgrelid = c.oid
    left join pg_catalog.pg_constraint o on o.oid = t.tgconstraint
    union all
    select 'rule', format('%s.%s', c.name, r.rulename), concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
    from class c join pg_catalog.pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN'
    union all
    select 'function', r.name, concat_ws(' ', r.prokind, pg_get_userbyid(r.proowner), l.lanname,
      pg_get_function_result(r.oid), pg_get_function_arguments(r.oid), r.prosecdef, r.proleakproof, r.proisstrict,
      r.provolatile, r.proparallel, r.procost, r.prorows, r.proconfig, r.prosrc, pg_get_function_sqlbody(r.oid))
    from routine r join pg_catalog.pg_language l on l.oid = r.prolang
    union all
    select 'sequence', c.name, concat_ws(' ', pg_get_userbyid(c.relowner), format_type(s.seqtypid, null),
      s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
    from class c join pg_catalog.pg_sequence s on s.seqrelid = c.oid
    union all
    select 'type', format('%s.%s', n.nspname, t.typname), concat_ws(' ', t.typtype, pg_get_userbyid(t.typowner),
      format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      (select string_agg(pg_get_constraintdef(o.oid), ',' order by o.conname)
        from pg_catalog.pg_constraint o where o.contypid = t.oid))
    from pg_catalog.pg_type t join namespace n on n.oid = t.typnamespace where t.typtype in ('d', 'e', 'r')
    union all
    select 'role', r.rolname::text, concat_ws(' ', case when r.rolsuper then 'superuser' end,
      case when r.rolbypassrls then 'bypassrls' end, case when r.rolcanlogin then 'login' end,
      case when r.rolcreaterole then 'createrole' end, case when r.rolinherit then 'inherit' else 'noinherit' end,
      'member of ' || (select string_agg(pg_get_userbyid(m.roleid)::text, ',' order by pg_get_userbyid(m.roleid)::text collate "C")
        from pg_catalog.pg_auth_members m where m.member = r.oid))
    from pg_catalog.pg_roles r
    where r.rolname in ('enginejs_owner', 'enginejs_anonymous', 'enginejs_user', 'enginejs_system',
                        'enginejs_action', 'enginejs_reader', 'enginejs_writer')
    union all
    select 'grant', format('on %s %s to %s', a.kind, a.name,
        case g.grantee when 0 then 'public' else pg_get_userbyid(g.grantee)::text end),
      string_agg(concat_ws(' ', g.privilege_type, case when g.is_grantable then 'with grant option' end), ', '
        order by g.privilege_type collate "C", g.is_grantable)
    from access a, lateral aclexplode(a.list) g
    group by a.kind, a.name, g.grantee
  )
  select f.kind, f.name,
    case when f.kind in ('policy', 'function', 'trigger', 'rule', 'type') then md5(f.detail) else f.detail end
  from fact f;
end;
revoke execute on function enginejs.catalog_facts(text[]) from public;
grant execute on function enginejs.catalog_facts(text[]) to enginejs_owner;
reset role;

-- sql/functions/catalog_fingerprint.sql

-- One md5 over what the catalogue says of some schemas. A build stores it, so that the next one sees with one
-- look whether somebody changed something by hand, a dropped policy above all, where the hash of the model
-- would still be the same.
set role enginejs_reader;
create or replace function enginejs.catalog_fingerprint(schemas text[]) returns text
language sql stable set search_path = '' set jit = off
begin atomic
  select md5(coalesce(string_agg(md5(concat_ws(E'\x1f', f.kind, f.name, f.detail)), ''
    order by f.kind collate "C", f.name collate "C", f.detail collate "C"), ''))
  from enginejs.catalog_facts(schemas) f;
end;
revoke execute on function enginejs.catalog_fingerprint(text[]) from public;
grant execute on function enginejs.catalog_fingerprint(text[]) to enginejs_owner;
reset role;

-- sql/functions/touch.sql

-- Row trigger 20_touch: an update says when it was, whatever it says itself.
set role enginejs_reader;
create or replace function enginejs.touch() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
revoke execute on function enginejs.touch() from public;
grant execute on function enginejs.touch() to enginejs_owner;
reset role;

-- sql/functions/refuse_change.sql

-- Row trigger 10_immutable: refuses an update that changes one of the columns in its arguments. The trigger's
-- WHEN condition says which, so that the function runs only to refuse.
set role enginejs_reader;
create or replace function enginejs.refuse_change() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  before constant jsonb := to_jsonb(old);
  after constant jsonb := to_jsonb(new);
  name text;
begin
  foreach name in array tg_argv loop
    if before -> name is distinct from after -> name then
      raise exception using
        errcode = 'EJ422',
        message = format('%s.%s never changes', tg_table_name, name),
        column = name, table = tg_table_name, schema = tg_table_schema;
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function enginejs.refuse_change() from public;
grant execute on function enginejs.refuse_change() to enginejs_owner;
reset role;

-- sql/functions/refuse_transition.sql

-- Row trigger 30_transition: refuses a change of state that no action declares. The trigger's WHEN condition holds
-- the transitions that pass, so that the function runs only to refuse. Arguments: the state's column, and what
-- follows each state as JSON: {"draft": ["sent", "void"], "sent": ["paid", "void"]}.
set role enginejs_reader;
create or replace function enginejs.refuse_transition() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  name constant text := tg_argv[0];
  before constant text := to_jsonb(old) ->> name;
  after constant text := to_jsonb(new) ->> name;
  allowed constant jsonb := coalesce(tg_argv[1]::jsonb -> before, '[]');
begin
  raise exception using
    errcode = 'EJ409',
    message = format('%s.%s cannot change from "%s" to "%s"', tg_table_name, name, before, after),
    detail = jsonb_build_object('from', before, 'allowed', allowed),
    column = name, table = tg_table_name, schema = tg_table_schema;
end
$$;
revoke execute on function enginejs.refuse_transition() from public;
grant execute on function enginejs.refuse_transition() to enginejs_owner;
reset role;

-- sql/functions/refuse_second_value.sql

-- Row trigger 11_write_once: refuses an update that gives a column another value than the one it has. The trigger's
-- WHEN condition says which, so that the function runs only to refuse. Arguments: pairs of a column and of what a
-- person calls it: ('iban', 'Supplier.iban').
set role enginejs_reader;
create or replace function enginejs.refuse_second_value() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  before constant jsonb := to_jsonb(old);
  after constant jsonb := to_jsonb(new);
begin
  for i in 0 .. tg_nargs - 1 by 2 loop
    if before -> tg_argv[i] is distinct from after -> tg_argv[i] and before ->> tg_argv[i] is not null then
      raise exception using
        errcode = 'EJ422',
        message = format('%s has a value, which stays', tg_argv[i + 1]),
        column = tg_argv[i], table = tg_table_name, schema = tg_table_schema;
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function enginejs.refuse_second_value() from public;
grant execute on function enginejs.refuse_second_value() to enginejs_owner;
reset role;

-- sql/functions/is_own_write.sql

-- Whether the transaction that is under way wrote a row version, by its `xmin`: also in a savepoint, which has a number of its
-- own behind the transaction's. Asked of rows that the statement sees only: of what is in progress, one sees nothing but one's own.
set role enginejs_reader;
create or replace function enginejs.is_own_write(writer xid) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  own constant bigint := pg_catalog.pg_current_xact_id()::text::bigint;
  -- How many numbers later, in the circle of 2^32 that xmin counts in.
  later constant bigint := (writer::text::bigint - own) & 4294967295;
begin
  if later = 0 then
    return true;
  elsif later >= 2147483648 then
    return false;
  end if;
  begin
    return coalesce(pg_catalog.pg_xact_status((own + later)::text::xid8) = 'in progress', false);
  exception
    -- A number that nobody has yet: the row is frozen, its xmin from the round before.
    when invalid_parameter_value then
      return false;
  end;
end
$$;
revoke execute on function enginejs.is_own_write(xid) from public;
grant execute on function enginejs.is_own_write(xid)
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system;
reset role;

-- sql/functions/admit_login.sql

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

-- sql/rls/graphile_migrate.sql

-- graphile-migrate makes its schema as whoever runs it first. Given to enginejs_owner, the next
-- deployment may come from another member. Does nothing where the schema is not there.
do $$
begin
  if to_regnamespace('graphile_migrate') is null then
    return;
  end if;
  alter schema graphile_migrate owner to enginejs_owner;
  alter table graphile_migrate.migrations owner to enginejs_owner;
  alter table graphile_migrate.current owner to enginejs_owner;
end
$$;

-- sql/functions/record_migration.sql

-- Row trigger of graphile-migrate's table: each migration that ran is a line of the administration log, in its own transaction.
set role enginejs_owner;
create or replace function enginejs.record_migration() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform enginejs.record_administration('migration', null, null, jsonb_build_object('file', new.filename, 'hash', new.hash));
  return null;
end
$$;
revoke execute on function enginejs.record_migration() from public;
reset role;

-- Does nothing where the core was run by hand: there is no such table.
do $$
begin
  if to_regclass('graphile_migrate.migrations') is null then
    return;
  end if;
  set local role enginejs_owner;
  create or replace trigger enginejs_record_migration after insert on graphile_migrate.migrations
    for each row execute function enginejs.record_migration();
  reset role;
end
$$;

-- sql/rls/graphile_worker.sql

-- graphile-worker's installer leaves its schema to whoever ran it. Its tables have row level security
-- without policies: only their owner sees jobs. So enginejs_writer owns them, and the worker's login
-- inherits it. Run after each run of the installer; does nothing where the schema is not there.
do $$
declare
  statement text;
begin
  if to_regnamespace('graphile_worker') is null then
    return;
  end if;
  -- Two at once would each find the other's change under their hands.
  perform pg_advisory_xact_lock(hashtext('enginejs: owner of graphile_worker'));
  alter schema graphile_worker owner to enginejs_writer;
  revoke all on schema graphile_worker from public;
  for statement in
    -- Sequences of identity columns follow their table.
    select format('alter %s graphile_worker.%I owner to enginejs_writer',
        case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.relname)
      from pg_catalog.pg_class c
      where c.relnamespace = 'graphile_worker'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
        and c.relowner <> 'enginejs_writer'::regrole
        and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i'))
    union all
    select format('alter routine %s owner to enginejs_writer', p.oid::regprocedure)
      from pg_catalog.pg_proc p
      where p.pronamespace = 'graphile_worker'::regnamespace and p.proowner <> 'enginejs_writer'::regrole
    union all
    select format('alter type graphile_worker.%I owner to enginejs_writer', t.typname)
      from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
      where t.typnamespace = 'graphile_worker'::regnamespace and t.typowner <> 'enginejs_writer'::regrole
        and (c.relkind = 'c' or t.typtype in ('d', 'e'))
  loop
    execute statement;
  end loop;
end
$$;

-- sql/workflow_segments.sql

-- The outbox's history lies in segments: the event log, the finished runs and the results of steps each
-- have one partition per segment, by default a day's worth, so that retention drops tables and deletes no row.
-- Segments are numbered, not dated: the newest partition of the log is a plain table of a fixed name,
-- enginejs.workflow_events_current, which writers insert into directly. No routing, no default partition,
-- and a writer never fails because nobody has made tomorrow's partition.
set role enginejs_writer;

create table if not exists enginejs.workflow_segments (
  segment int not null,
  opened_at timestamptz not null default clock_timestamp(),
  -- Null: the one that writers use.
  closed_at timestamptz,
  constraint workflow_segments_pkey primary key (segment)
);

create unique index if not exists workflow_segments_open_key on enginejs.workflow_segments ((true)) where closed_at is null;

comment on table enginejs.workflow_segments is 'The parts that the history of events, runs and steps is kept and dropped in.';

reset role;

-- sql/workflow_events.sql

-- The event log: what happened, written once by the emit triggers in the writer's own transaction, never updated.
-- Whether an event still waits for the relay is a row of enginejs.workflow_events_pending, what came of it are
-- its runs; enginejs.workflow_events_outbox shows all of it as one.
set role enginejs_writer;

create sequence if not exists enginejs.workflow_event_ids;

create table if not exists enginejs.workflow_events (
  segment int not null,
  -- Ids commit out of order: nothing may conclude from a greater one that a smaller one was seen.
  id bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  -- The entity's name, `Invoice`.
  model text not null,
  -- `create`, `update`, `delete`, or the name of the action that updated.
  action text not null,
  record_id uuid not null,
  -- Stored columns by their column names.
  before jsonb,
  after jsonb,
  -- Of an update: the columns whose value changed.
  changed text[],
  -- What the action was called with.
  input jsonb,
  -- {"kind", "id", "tenant"}; null for a writer that is no actor, such as a person in psql.
  actor jsonb,
  -- {"requestId", "runId", "depth"}; null where there is neither request nor run.
  origin jsonb,
  -- True: the payload was larger than 64 KB, before and after hold the key only.
  truncated boolean not null default false,
  -- Of a truncated one: {"before", "after"} with the values that are small, for conditions and keys. See emit_small.
  small_values jsonb,
  constraint workflow_events_pkey primary key (id, segment)
) partition by list (segment);

comment on table enginejs.workflow_events is 'The log of events. Read enginejs.workflow_events_outbox for their status.';

reset role;

-- sql/workflow_events_pending.sql

-- What the relay has not seen yet: narrow rows, taken by delete. A status column of the log itself would leave a dead
-- version of every payload behind, and its updates write the payload's WAL a second time.
set role enginejs_writer;

create table if not exists enginejs.workflow_events_pending (
  event_id bigint not null,
  segment int not null,
  model text not null,
  action text not null,
  -- Null: every workflow that subscribes. Otherwise those whose condition failed with an error so far.
  workflows text[],
  attempts int not null default 0,
  next_run_at timestamptz,
  error text,
  constraint workflow_events_pending_pkey primary key (event_id)
) with (
  -- A queue: as many dead rows as living ones, so vacuum often and without pauses.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);

comment on table enginejs.workflow_events_pending is 'Events that wait for the relay.';

-- Events that the relay gave up: the condition of a workflow could not be evaluated, again and again.
create table if not exists enginejs.workflow_events_failed (
  event_id bigint not null,
  segment int not null,
  workflows text[],
  attempts int not null,
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  constraint workflow_events_failed_pkey primary key (event_id)
);

comment on table enginejs.workflow_events_failed is 'Events that could not be matched with the workflows named; the reason is in error.';

reset role;

-- sql/workflow_definitions.sql

-- Workflows as the builds declared them. A run keeps the definition that it started with; a changed one is a new row.
set role enginejs_writer;

create table if not exists enginejs.workflow_definitions (
  id int generated always as identity,
  name text not null,
  -- SHA-256 of the definition's text.
  hash text not null,
  definition jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint workflow_definitions_pkey primary key (id),
  constraint workflow_definitions_name_hash_key unique (name, hash)
);

comment on table enginejs.workflow_definitions is 'Every definition of a workflow that was ever built here.';

-- Which events start which workflow now; enginejs.workflow_register() keeps it in step with the newest build.
create table if not exists enginejs.workflow_subscriptions (
  model text not null,
  action text not null,
  workflow text not null,
  -- Null: webhooks want the event (the workflow's name is `@webhooks`), see functions/webhook_deliver.sql.
  definition_id int,
  -- A condition, or the keys of what has turns, are evaluated by the relay; otherwise the event's model and action decide.
  conditional boolean not null,
  -- Its events are kept until it goes on: see workflow_pauses.sql.
  paused boolean not null default false,
  constraint workflow_subscriptions_pkey primary key (model, action, workflow),
  constraint workflow_subscriptions_definition_id_fkey foreign key (definition_id) references enginejs.workflow_definitions (id)
);

comment on table enginejs.workflow_subscriptions is 'Which events start which workflow, as the newest build says.';

reset role;

-- sql/workflow_runs_active.sql

-- Runs that are not finished: small, so that claims, retries and recovery stay cheap however long the history is.
-- The relay stops making runs while some thousand wait, the rest waits in workflow_events_pending.
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_active (
  -- Derived from event and workflow: its first eight bytes are the event's id, the others a hash of the
  -- workflow's name. So one event has one run per workflow, and an event's runs are one range of the key.
  id uuid not null,
  -- No foreign key: every run would pay for looking at it, and definitions are never deleted.
  definition_id int not null,
  event_id bigint not null,
  segment int not null,
  -- queued: a job of graphile_worker rings for it; running: a worker holds the lease; waiting: until next_run_at;
  -- paused: until an operator resumes it.
  status text not null default 'queued',
  -- Grows with each claim, from a drawn number (workflow_start_runs). Whatever a worker writes names the lease that it holds, and counts for nothing where that is not the run's.
  lease int not null default 0,
  worker_id int,
  job_id bigint,
  -- When the status began.
  since timestamptz not null default clock_timestamp(),
  next_run_at timestamptz,
  -- How often it was begun, the first time included.
  attempts int not null default 0,
  -- The step that failed last, and how often in a row.
  failed_step text,
  failures int not null default 0,
  -- How often in a row its worker died without a result of any step, and how many results there were then.
  crashes int not null default 0,
  crashed_after int not null default 0,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  -- Whether there are rows of it in enginejs.workflow_waits: a run that never waits is asked for none.
  waits boolean not null default false,
  -- {"step", "error"}: it has failed for good, or was cancelled, and what it did is being undone.
  failure jsonb,
  -- Why somebody wants it to end.
  cancel text,
  -- An operator's word about this run alone: true, it waits for him; false, it goes on although its workflow is paused.
  paused boolean,
  -- Since when its time counts, where an operator had it tried again; else since its event.
  restarted_at timestamptz,
  constraint workflow_runs_active_pkey primary key (id),
  constraint workflow_runs_active_status_check check (status in ('queued', 'running', 'waiting', 'paused'))
) with (
  -- Room on the page for the next version of a row: neither claim nor finish touches an index.
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);

-- Its predicate names the column itself, not the status: a claim changes neither, and stays on its page.
create index if not exists workflow_runs_active_next_run_at_idx on enginejs.workflow_runs_active (next_run_at)
  where next_run_at is not null;

-- Few at any time; neither column changes in a claim.
create index if not exists workflow_runs_active_cancel_idx on enginejs.workflow_runs_active (id) where cancel is not null;

comment on table enginejs.workflow_runs_active is 'Runs of workflows that are not finished.';

reset role;

-- sql/workflow_runs_parked.sql

-- Runs whose every path waits: for a time, a signal, a person, another run. Apart from the active ones, so that a
-- million sleepers cost claims, retries and recovery nothing. The columns are those of workflow_runs_active, in the same
-- order: a run moves between the two by delete and insert (functions/workflow_park.sql, workflow_unpark.sql).
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_parked (
  like enginejs.workflow_runs_active including defaults,
  constraint workflow_runs_parked_pkey primary key (id),
  constraint workflow_runs_parked_definition_id_fkey foreign key (definition_id) references enginejs.workflow_definitions (id)
);

create index if not exists workflow_runs_parked_next_run_at_idx on enginejs.workflow_runs_parked (next_run_at)
  where next_run_at is not null;
-- A segment of the history is kept as long as a run of it sleeps.
create index if not exists workflow_runs_parked_segment_idx on enginejs.workflow_runs_parked (segment);

comment on table enginejs.workflow_runs_parked is 'Runs of workflows that wait for something.';

reset role;

-- sql/workflow_runs_finished.sql

-- Runs that are done, failed for good, or were cancelled, in their event's segment.
set role enginejs_writer;

create table if not exists enginejs.workflow_runs_finished (
  id uuid not null,
  definition_id int not null,
  event_id bigint not null,
  segment int not null,
  status text not null,
  attempts int not null,
  failed_step text,
  error text,
  -- What the run gave, where it comes to an end that says so.
  output jsonb,
  created_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  constraint workflow_runs_finished_pkey primary key (id, segment),
  constraint workflow_runs_finished_status_check check (status in ('done', 'failed', 'cancelled'))
) partition by list (segment);

-- The dead letters, the oldest first: few, and an index that no other run is written to.
create index if not exists workflow_runs_finished_failed_idx on enginejs.workflow_runs_finished (finished_at, id)
  where status = 'failed';

comment on table enginejs.workflow_runs_finished is 'Runs of workflows that are done, failed for good, or cancelled.';

reset role;

-- sql/workflow_run_steps.sql

-- Checkpoints: the result of each step of each run. A row here means that the step is never done again.
-- The key is also what makes a database step happen once: its effect and this row are one transaction.
set role enginejs_writer;

create table if not exists enginejs.workflow_run_steps (
  run_id uuid not null,
  segment int not null,
  -- The node's id in the definition.
  step text not null,
  output jsonb,
  finished_at timestamptz not null default clock_timestamp(),
  constraint workflow_run_steps_pkey primary key (run_id, step, segment)
) partition by list (segment);

comment on table enginejs.workflow_run_steps is 'The result of each step of each run, written once.';

reset role;

-- sql/workflow_waits.sql

-- What runs wait for, a row per waiting step. Whoever brings the outcome writes it here and unparks the run; the run
-- turns it into the step's checkpoint when it goes on (functions/workflow_resume.sql). The row's lock decides between
-- an outcome that comes and a run that is about to park.
set role enginejs_writer;

create table if not exists enginejs.workflow_waits (
  run_id uuid not null,
  -- The node's path: `pause`, `remind[3].pause`.
  step text not null,
  kind text not null,
  since timestamptz not null default clock_timestamp(),
  -- When a timer or pause is over, and when the wait for anything else is.
  until timestamptz,
  -- A signal's name and key; a child's workflow.
  name text,
  key text,
  -- The run that is waited for, and where its history lies.
  child uuid,
  child_segment int,
  -- Of an approval and of a signal: the run's tenant; who decides, or signals, in another one is not heard.
  tenant uuid,
  -- An approval: what is asked and shown, the name of the function that says who may decide (the build's:
  -- functions/workflow_find_rule.sql), and what the names in its condition stand for.
  question text,
  data jsonb,
  policy text,
  scope jsonb,
  -- A pause before another attempt: how often the step has failed, and how the last time.
  failures int,
  error text,
  -- {"output": …} or {"error": "…"}, once it has come.
  outcome jsonb,
  constraint workflow_waits_pkey primary key (run_id, step),
  constraint workflow_waits_kind_check check (kind in ('timer', 'signal', 'approval', 'child', 'retry'))
);

create index if not exists workflow_waits_signal_idx on enginejs.workflow_waits (name, key)
  where kind = 'signal' and outcome is null;
create index if not exists workflow_waits_child_idx on enginejs.workflow_waits (child) where kind = 'child' and outcome is null;
create index if not exists workflow_waits_approval_idx on enginejs.workflow_waits (tenant, since)
  where kind = 'approval' and outcome is null;

comment on table enginejs.workflow_waits is 'What runs of workflows wait for.';

-- Signals that came before anybody waited for them.
create table if not exists enginejs.workflow_signals (
  id bigint generated always as identity,
  name text not null,
  key text not null,
  -- In which it was given; null: by the platform, for whoever waits.
  tenant uuid,
  payload jsonb,
  created_at timestamptz not null default clock_timestamp(),
  constraint workflow_signals_pkey primary key (id)
);

create index if not exists workflow_signals_name_key_idx on enginejs.workflow_signals (name, key, id);

comment on table enginejs.workflow_signals is 'Signals that nobody waited for yet: the next wait takes them, the oldest first.';

reset role;

-- sql/workflow_retired_rules.sql

-- The functions of approvals that the newest build has no more, and runs of older definitions may still ask: each was
-- moved from the model's schema into the core's (functions/workflow_retire_rule.sql). In a table, for a function's name
-- does not say which workflow it is of.
set role enginejs_writer;

create table if not exists enginejs.workflow_retired_rules (
  rule text not null,
  workflow text not null,
  retired_at timestamptz not null default clock_timestamp(),
  constraint workflow_retired_rules_pkey primary key (rule)
);

comment on table enginejs.workflow_retired_rules is 'Functions of approvals that only runs of older definitions ask.';

revoke all on enginejs.workflow_retired_rules from public;
grant select on enginejs.workflow_retired_rules to enginejs_owner;
grant select, insert, update, delete on enginejs.workflow_retired_rules to enginejs_reader;
reset role;

-- sql/workflow_workers.sql

-- Living workers. The heartbeat is the truth; the session advisory lock that each holds (class 7714002, its id)
-- only lets a death be noticed sooner. See functions/workflow_reap.sql.
set role enginejs_writer;

create table if not exists enginejs.workflow_workers (
  id int generated always as identity,
  host text not null,
  process_id int not null,
  -- Pools of graphile_worker that this worker has started: they own its locks on jobs.
  pools text[] not null default '{}',
  -- The backend of its relay, where it leads.
  relay_backend int,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp(),
  constraint workflow_workers_pkey primary key (id)
) with (fillfactor = 50);

comment on table enginejs.workflow_workers is 'Workers that are alive, by their heartbeats.';

reset role;

-- sql/workflow_pauses.sql

-- Workflows that somebody has paused: they start no runs, and what is queued of them waits. The relay knows by
-- workflow_subscriptions.paused, which it reads anyway; runs are kept where they are rung for (functions/workflow_ring_for.sql).
set role enginejs_writer;

create table if not exists enginejs.workflow_pauses (
  workflow text not null,
  reason text,
  since timestamptz not null default clock_timestamp(),
  constraint workflow_pauses_pkey primary key (workflow)
);

comment on table enginejs.workflow_pauses is 'Workflows that are paused, and why.';

-- Events that a paused workflow will want when it goes on: the relay took them for the others, or for nobody.
create table if not exists enginejs.workflow_events_held (
  event_id bigint not null,
  segment int not null,
  workflow text not null,
  constraint workflow_events_held_pkey primary key (event_id, workflow)
);

-- What ends a pause finds its events by it, and so does whoever looks whether one was forgotten (workflow_settle_pauses).
create index if not exists workflow_events_held_workflow_idx on enginejs.workflow_events_held (workflow);

comment on table enginejs.workflow_events_held is 'Events that wait for a workflow which is paused.';

reset role;

-- sql/workflow_queues.sql

-- Queues as the newest build declares them: who may publish, and what a message is. enginejs.workflow_register() keeps them in
-- step. A message is an event of the model `queue:<name>` and the action `message`; its consumers are subscriptions to it.
set role enginejs_writer;

create table if not exists enginejs.workflow_queues (
  name text not null,
  -- JSON Schema of a message; null: anything.
  message jsonb,
  -- The tenant's roles that may publish by enginejs.publish; null: the platform alone.
  publishers text[],
  constraint workflow_queues_pkey primary key (name)
);

comment on table enginejs.workflow_queues is 'Queues, as the newest build declares them.';

-- Messages of queues that no workflow receives from yet: they wait for the first build that has one.
create table if not exists enginejs.workflow_messages_kept (
  event_id bigint not null,
  segment int not null,
  queue text not null,
  constraint workflow_messages_kept_pkey primary key (event_id)
);

comment on table enginejs.workflow_messages_kept is 'Messages that wait for a workflow which receives from their queue.';

reset role;

-- sql/workflow_schedules.sql

-- When workflows are started by the clock: every so often, by a cron expression, or at moments that rows name.
-- enginejs.workflow_schedule_register() keeps it in step with the newest build. What is due is decided by this database's
-- clock alone: enginejs.workflow_schedule() is all that a scheduler calls.
set role enginejs_writer;

create table if not exists enginejs.workflow_schedules (
  workflow text not null,
  -- `interval`, `cron`, `datetime`.
  kind text not null,
  -- As the definition has it; a different one is a new schedule.
  trigger jsonb not null,
  -- interval: multiples of it since 1970.
  every interval,
  -- cron: what its fields let pass.
  minutes int[],
  hours int[],
  days int[],
  months int[],
  weekdays int[],
  -- Both days are said: either will do, as in every cron.
  either_day boolean,
  -- The hour is `*`: it follows the elapsed time where clocks are changed, see workflow_cron_ticks.
  every_hour boolean,
  zone text,
  -- So many of the ticks that nobody was there for, the newest.
  catch_up int,
  -- datetime: whose column, and how far from it.
  model text,
  column_name text,
  shift interval,
  next_at timestamptz,
  -- Of the tick that failed last.
  error text,
  constraint workflow_schedules_pkey primary key (workflow),
  constraint workflow_schedules_kind_check check (kind in ('interval', 'cron', 'datetime'))
) with (fillfactor = 50);

create index if not exists workflow_schedules_model_idx on enginejs.workflow_schedules (model) where model is not null;

comment on table enginejs.workflow_schedules is 'Workflows that the clock starts, and when it does so next.';

-- A tick that has been emitted is not emitted again, whatever becomes of next_at: a clock that was set back, a row that
-- was changed by hand. Old ones go with workflow_maintain_keys.
create table if not exists enginejs.workflow_ticks (
  workflow text not null,
  tick_at timestamptz not null,
  run_id uuid,
  emitted_at timestamptz not null default clock_timestamp(),
  constraint workflow_ticks_pkey primary key (workflow, tick_at)
);

create index if not exists workflow_ticks_emitted_at_idx on enginejs.workflow_ticks using brin (emitted_at);

comment on table enginejs.workflow_ticks is 'Ticks of schedules that were emitted, each once.';

-- Moments that rows name: one row per record and workflow, as long as its moment lies ahead. Kept by the triggers
-- 91_moments_* of the entity's table in the writer's own transaction: a writer that commits late, after its moment, is
-- still seen, which a look at the column between two points of time would miss.
create table if not exists enginejs.workflow_moments (
  workflow text not null,
  -- Null: the entity belongs to no tenant.
  tenant_id uuid,
  record_id uuid not null,
  moment timestamptz not null,
  -- When it is looked at; later than the moment where its condition could not be evaluated.
  due_at timestamptz not null,
  attempts int not null default 0,
  error text,
  constraint workflow_moments_key unique nulls not distinct (record_id, workflow, tenant_id)
) with (
  autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

-- By workflow: those of one that is paused are not walked over at every look.
create index if not exists workflow_moments_workflow_idx on enginejs.workflow_moments (workflow, due_at);

comment on table enginejs.workflow_moments is 'When a workflow is started for which record.';

-- What else starts workflows by name: signals and webhooks, of the newest build.
create table if not exists enginejs.workflow_triggers (
  kind text not null,
  name text not null,
  workflow text not null,
  constraint workflow_triggers_pkey primary key (kind, name, workflow),
  constraint workflow_triggers_kind_check check (kind in ('signal', 'webhook'))
);

comment on table enginejs.workflow_triggers is 'Signals and webhooks that start workflows.';

-- Requests that were taken in, by the ids that their senders gave: the same one comes again where its answer was lost.
create table if not exists enginejs.workflow_deliveries (
  webhook text not null,
  delivery text not null,
  received_at timestamptz not null default clock_timestamp(),
  constraint workflow_deliveries_pkey primary key (webhook, delivery)
);

create index if not exists workflow_deliveries_received_at_idx on enginejs.workflow_deliveries using brin (received_at);

comment on table enginejs.workflow_deliveries is 'Requests of webhooks that were taken in, each once.';

reset role;

-- sql/workflow_turns.sql

-- Runs that have to wait for their turn: of workflows that are ordered, limited, debounced or have a priority. Such a run is
-- made parked (workflow_runs_parked) and has a row here until it is done or cancelled; other workflows have none, and no cost.
set role enginejs_writer;

create table if not exists enginejs.workflow_turns (
  run_id uuid not null,
  workflow text not null,
  event_id bigint not null,
  segment int not null,
  model text not null,
  record_id uuid not null,
  -- blocked: another one of its key comes first; held: the first of its key, and waits for a limit or a time;
  -- begun: it runs, or waits for what its own steps wait for; halted: it has failed, and those after it wait for somebody;
  -- failed: nobody waits for it, but when it is tried again it takes its turn like any other, by these keys.
  state text not null,
  order_key text,
  -- '' where all runs of the workflow share the limit.
  concurrency_key text not null default '',
  rate_key text not null default '',
  debounce_key text,
  -- Debounced: when the first of the events was written whose place this one has taken.
  first_at timestamptz,
  -- Of the jobs that ring for it: the smaller, the sooner.
  priority int,
  -- Not before.
  ready_at timestamptz not null default clock_timestamp(),
  constraint workflow_turns_pkey primary key (run_id),
  constraint workflow_turns_state_check check (state in ('blocked', 'held', 'begun', 'halted', 'failed'))
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

create index if not exists workflow_turns_order_key_idx on enginejs.workflow_turns (workflow, order_key, event_id)
  where order_key is not null;
create index if not exists workflow_turns_state_idx on enginejs.workflow_turns (workflow, concurrency_key, state, event_id);
create index if not exists workflow_turns_ready_at_idx on enginejs.workflow_turns (ready_at) where state = 'held';
-- All but the dead letters, which may be many: what the loop looks through.
create index if not exists workflow_turns_live_idx on enginejs.workflow_turns (workflow, event_id) where state <> 'failed';
create unique index if not exists workflow_turns_debounce_key on enginejs.workflow_turns (workflow, debounce_key)
  where debounce_key is not null and state in ('blocked', 'held');

comment on table enginejs.workflow_turns is 'Runs that wait for their turn, and those whose turn it is.';

-- When runs of workflows with a rate have begun, as long as that counts.
create table if not exists enginejs.workflow_turn_starts (
  workflow text not null,
  rate_key text not null,
  begun_at timestamptz not null default clock_timestamp()
);

create index if not exists workflow_turn_starts_idx on enginejs.workflow_turn_starts (workflow, rate_key, begun_at);

comment on table enginejs.workflow_turn_starts is 'Recent starts of runs that have a rate.';

reset role;

-- sql/webhook_endpoints.sql

-- Webhooks out: what the newest build offers, and where tenants want it posted. Nothing here is granted to actors: they
-- come through definers' functions (create_webhook_endpoint and so on), which ask for a role that the config names.
set role enginejs_writer;

-- Events that endpoints may choose, as the newest build says: kept by enginejs.webhook_register().
create table if not exists enginejs.webhook_events (
  model text not null,
  -- As the event log has it: `create`, or an action's name.
  action text not null,
  -- As receivers know it: `Invoice.created`, `Invoice.pay`.
  type text not null,
  -- Whether the record is the tenant itself.
  is_tenant boolean not null,
  -- Columns by name, each with its name in the API: {"customer_id": "customerId"}. Others enter no body.
  fields jsonb not null,
  constraint webhook_events_pkey primary key (model, action),
  constraint webhook_events_type_key unique (type)
);

comment on table enginejs.webhook_events is 'Events that webhook endpoints may choose, as the newest build says.';

create table if not exists enginejs.webhook_settings (
  -- Roles whose members manage the endpoints of their tenant.
  managers text[] not null,
  -- Hosts that may have a private address, and that may be asked without TLS.
  private_hosts text[] not null
);

comment on table enginejs.webhook_settings is 'Who manages webhook endpoints, as the newest build says: one row, or none.';

create table if not exists enginejs.webhook_endpoints (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  url text not null,
  -- Types of events; null for all that are offered, also those that later builds add.
  events text[],
  description text,
  enabled boolean not null default true,
  -- Why it is off: `manual`, `gone` (it has answered 410), `failing` (days without a success), `deleted`.
  disabled_reason text,
  -- The first failure since the last success.
  failing_since timestamptz,
  -- What signs, as Standard Webhooks have it: `whsec_` and base64 of 32 random bytes. Readable by enginejs_writer alone.
  secret text not null,
  -- The one before; signs as well until then.
  secret_previous text,
  previous_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- Seen by nobody any more; webhook_maintain() takes it away when its deliveries are gone. A delete with all of them would keep its
  -- row locked meanwhile, and the relay, which refers to it, waiting.
  deleted_at timestamptz,
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_tenant_id_key unique (tenant_id, id),
  constraint webhook_endpoints_deleted_at_check check (deleted_at is null or not enabled),
  constraint webhook_endpoints_disabled_reason_check check ((disabled_reason is null) = enabled),
  constraint webhook_endpoints_previous_check check ((secret_previous is null) = (previous_until is null))
);

comment on table enginejs.webhook_endpoints is 'Where tenants want their events posted.';

reset role;

-- sql/webhook_deliveries.sql

-- What is posted to webhook endpoints. A message is one event's body, made once, in the relay's transaction: each attempt at
-- each endpoint sends these very bytes, also after the event's segment was dropped or a build has renamed a field. A
-- delivery is a message on its way to one endpoint.
set role enginejs_writer;

create table if not exists enginejs.webhook_messages (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  -- Null: a test.
  event_id bigint,
  type text not null,
  body text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint webhook_messages_pkey primary key (id),
  constraint webhook_messages_tenant_id_key unique (tenant_id, id),
  constraint webhook_messages_event_id_key unique (event_id)
);
create index if not exists webhook_messages_created_at_idx on enginejs.webhook_messages (created_at);

comment on table enginejs.webhook_messages is 'Bodies of webhooks, one per event that some endpoint wants.';

create table if not exists enginejs.webhook_deliveries (
  id uuid not null default enginejs.uuid_v7(),
  tenant_id uuid not null,
  endpoint_id uuid not null,
  message_id uuid not null,
  -- `failed`: a dead letter, until somebody delivers it again.
  status text not null default 'pending',
  -- Since it was made, or delivered again.
  attempts int not null default 0,
  -- Of a pending one: not before.
  next_attempt_at timestamptz not null default clock_timestamp(),
  -- The worker that is posting it, and when others may take it although that one lives.
  worker int,
  leased_until timestamptz,
  -- Of the last attempt. The answer is cut after 1 KB.
  last_attempt_at timestamptz,
  last_status int,
  last_error text,
  last_duration_ms int,
  last_answer text,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint webhook_deliveries_pkey primary key (id),
  -- Exactly one per event and endpoint: a message is one event.
  constraint webhook_deliveries_message_id_endpoint_id_key unique (tenant_id, message_id, endpoint_id),
  constraint webhook_deliveries_endpoint_id_fkey foreign key (tenant_id, endpoint_id)
    references enginejs.webhook_endpoints (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_message_id_fkey foreign key (tenant_id, message_id)
    references enginejs.webhook_messages (tenant_id, id),
  constraint webhook_deliveries_status_check check (status in ('pending', 'delivered', 'failed')),
  constraint webhook_deliveries_finished_at_check check ((finished_at is null) = (status = 'pending'))
) with (
  -- Each row is updated at least twice.
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
);
-- What is due, endpoint by endpoint: enginejs.webhook_claim() hops from one endpoint to the next.
create index if not exists webhook_deliveries_due_idx on enginejs.webhook_deliveries (endpoint_id, next_attempt_at)
  where status = 'pending' and worker is null;
create index if not exists webhook_deliveries_worker_idx on enginejs.webhook_deliveries (endpoint_id) where worker is not null;
create index if not exists webhook_deliveries_failed_idx on enginejs.webhook_deliveries (endpoint_id, finished_at) where status = 'failed';
create index if not exists webhook_deliveries_endpoint_id_idx on enginejs.webhook_deliveries (tenant_id, endpoint_id, created_at, id);
create index if not exists webhook_deliveries_tenant_id_idx on enginejs.webhook_deliveries (tenant_id, created_at, id);
create index if not exists webhook_deliveries_finished_at_idx on enginejs.webhook_deliveries (status, finished_at) where status <> 'pending';

comment on table enginejs.webhook_deliveries is 'Messages on their way to webhook endpoints, and what became of them.';

reset role;

-- sql/functions/workflow_open_segment.sql

-- Begins a new segment of the history: partitions for events, finished runs and steps, and a new table that writers
-- insert into, enginejs.workflow_events_current. The one before keeps its rows under its number. Attaching takes no
-- lock that writers notice; only the renaming waits for the transactions that are writing events at that moment,
-- so the caller sets a lock_timeout and tries again another time.
set role enginejs_writer;
create or replace function enginejs.workflow_open_segment() returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  previous int;
  opened int;
  parent text;
begin
  select s.segment into previous from enginejs.workflow_segments s where s.closed_at is null for update;
  select coalesce(max(s.segment), 0) + 1 into opened from enginejs.workflow_segments s;
  if previous is not null then
    execute format('alter table enginejs.workflow_events_current rename to workflow_events_%s', previous);
    execute format('alter index enginejs.workflow_events_current_pkey rename to workflow_events_%s_pkey', previous);
    update enginejs.workflow_segments s set closed_at = clock_timestamp() where s.segment = previous;
  end if;
  insert into enginejs.workflow_segments (segment) values (opened);

  create table enginejs.workflow_events_current (
    like enginejs.workflow_events including defaults including comments,
    constraint workflow_events_current_pkey primary key (id, segment)
  );
  execute format('alter table enginejs.workflow_events_current alter segment set default %s', opened);
  alter table enginejs.workflow_events_current alter id set default nextval('enginejs.workflow_event_ids');
  execute format(
    'alter table enginejs.workflow_events attach partition enginejs.workflow_events_current for values in (%s)', opened);

  foreach parent in array array['workflow_runs_finished', 'workflow_run_steps'] loop
    execute format('create table enginejs.%1$I (like enginejs.%2$I including all)', parent || '_' || opened, parent);
    execute format('alter table enginejs.%2$I attach partition enginejs.%1$I for values in (%3$s)',
      parent || '_' || opened, parent, opened);
  end loop;
  return opened;
end
$$;
revoke execute on function enginejs.workflow_open_segment() from public;

do $$
begin
  if not exists (select from enginejs.workflow_segments s where s.closed_at is null) then
    perform enginejs.workflow_open_segment();
  end if;
end
$$;
reset role;

-- sql/functions/workflow_maintain.sql

-- Retention: begins a new segment when the open one is old enough, and drops those whose events are all done and
-- whose last event is older than asked. One that holds failed events or runs is kept longer; one that holds
-- unfinished ones is kept. Returns how many segments were dropped. Sets its own lock_timeout: a writer waits for it
-- for a fifth of a second at most, and what it could not do is done the next time.
set role enginejs_writer;
create or replace function enginejs.workflow_maintain(segment_age interval, keep_done interval, keep_failed interval)
returns int
language plpgsql volatile security definer set search_path = '' set lock_timeout = '200ms'
as $$
declare
  old record;
  dropped int := 0;
begin
  -- One at a time; the others have nothing to do.
  if not pg_try_advisory_xact_lock(7714003, 0) then
    return 0;
  end if;
  if exists (
    select from enginejs.workflow_segments s where s.closed_at is null and s.opened_at < clock_timestamp() - segment_age
  ) then
    perform enginejs.workflow_open_segment();
  end if;
  perform enginejs.workflow_forget_rules('1 hour');
  delete from enginejs.workflow_signals k where k.created_at < clock_timestamp() - keep_failed;
  for old in
    select s.segment, s.closed_at from enginejs.workflow_segments s
    where s.closed_at < clock_timestamp() - keep_done
      and not exists (select from enginejs.workflow_events_pending p where p.segment = s.segment)
      and not exists (select from enginejs.workflow_events_held h where h.segment = s.segment)
      and not exists (select from enginejs.workflow_messages_kept k where k.segment = s.segment)
      and not exists (select from enginejs.workflow_runs_active r where r.segment = s.segment)
      and not exists (select from enginejs.workflow_runs_parked r where r.segment = s.segment)
    order by s.segment
  loop
    continue when old.closed_at >= clock_timestamp() - keep_failed and (
      exists (select from enginejs.workflow_events_failed f where f.segment = old.segment)
      or exists (select from enginejs.workflow_runs_finished r where r.segment = old.segment and r.status = 'failed')
    );
    execute format('drop table enginejs.workflow_events_%s, enginejs.workflow_runs_finished_%1$s, enginejs.workflow_run_steps_%1$s',
      old.segment);
    delete from enginejs.workflow_events_failed f where f.segment = old.segment;
    delete from enginejs.workflow_turns t where t.segment = old.segment and t.state = 'failed';
    delete from enginejs.workflow_segments s where s.segment = old.segment;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
revoke execute on function enginejs.workflow_maintain(interval, interval, interval) from public;
reset role;

-- sql/functions/workflow_maintain_keys.sql

-- Forgets what only guards against doing something twice, when it is older than asked: ticks that were
-- emitted, requests of webhooks that were taken in. Returns how many
-- rows went. Long after a tick nothing can emit it again: a schedule's next time has passed it.
set role enginejs_writer;
create or replace function enginejs.workflow_maintain_keys(keep interval) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  ticks int;
  deliveries int;
begin
  delete from enginejs.workflow_ticks t where t.emitted_at < clock_timestamp() - keep;
  get diagnostics ticks = row_count;
  delete from enginejs.workflow_deliveries d where d.received_at < clock_timestamp() - keep;
  get diagnostics deliveries = row_count;
  return ticks + deliveries;
end
$$;
revoke execute on function enginejs.workflow_maintain_keys(interval) from public;
reset role;

-- sql/functions/ring.sql

-- The doorbell: wakes the relay if it sleeps, and does nothing while it is awake. The only place of EngineJS where
-- writers notify: NOTIFY takes a database-wide lock at commit, so that writers would stop sharing their fsync.
--
-- A relay that sleeps holds the advisory lock K = (7714000, 0) exclusively. A writer tries to share it: where that
-- fails somebody sleeps, and is notified. A relay goes to sleep only when it has K, and looks once more when it has:
-- every writer that chose not to notify has ended by then and is visible. A relay takes K by trying, never by
-- waiting: the shared tries of all writers would queue behind one that waits.
--
-- Returns whether it rang.
set role enginejs_writer;
create or replace function enginejs.ring() returns boolean
language plpgsql volatile parallel unsafe
as $$
begin
  if pg_try_advisory_xact_lock_shared(7714000, 0) then
    return false;
  end if;
  perform pg_notify('enginejs_workflow', '');
  return true;
end
$$;
revoke execute on function enginejs.ring() from public;
reset role;

-- sql/functions/emit_actor.sql

-- Who acts, as events carry it: {"kind", "id", "tenant"}; null for a writer that is no actor.
-- The kind is user, service (a service account), key (a person by an API key), system or anonymous.
-- `role` stays what begin_request set also inside definers' functions. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_actor() returns jsonb
language sql stable parallel safe
return case
  when current_setting('role') = 'enginejs_system'
    then jsonb_build_object('kind', 'system', 'id', enginejs.actor_id(), 'tenant', enginejs.tenant_id())
  when nullif(current_setting('enginejs.actor_id', true), '') is not null
    then jsonb_build_object('kind', coalesce(nullif(current_setting('enginejs.actor_kind', true), ''), 'user'), 'id', enginejs.actor_id(), 'tenant', enginejs.tenant_id())
  when current_setting('role') = 'enginejs_anonymous'
    then '{"kind": "anonymous", "id": null, "tenant": null}'::jsonb
end;
revoke execute on function enginejs.emit_actor() from public;
reset role;

-- sql/functions/emit_origin.sql

-- Where a change came from, as events carry it: the request that wrote, or the run of a workflow and how many
-- runs deep it is. Null for neither. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_origin() returns jsonb
language sql stable parallel safe
return case
  when nullif(current_setting('enginejs.request_id', true), '') is not null
    or nullif(current_setting('enginejs.run_id', true), '') is not null
    then jsonb_build_object(
      'requestId', nullif(current_setting('enginejs.request_id', true), ''),
      'runId', nullif(current_setting('enginejs.run_id', true), ''),
      'depth', coalesce(nullif(current_setting('enginejs.depth', true), '')::int, 0))
      || case when coalesce(current_setting('enginejs.traceparent', true), '') = '' then '{}'::jsonb
        else jsonb_build_object('traceparent', current_setting('enginejs.traceparent')) end
end;
revoke execute on function enginejs.emit_origin() from public;
reset role;

-- sql/functions/emit_requested.sql

-- Whether the writer may be an actor or have an origin: a role was taken on, as begin_request always does, before the worker
-- says which run it is, or somebody says by hand who acts. Every statement that writes events asks it, and pays for each setting
-- that is looked at: request_id and run_id, which nobody sets without one of these, are not. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_requested() returns boolean
language sql stable parallel safe
return current_setting('role') <> 'none'
  or current_setting('enginejs.actor_id', true) <> '';
revoke execute on function enginejs.emit_requested() from public;
reset role;

-- sql/functions/emit_key.sql

-- What is left of a payload of more than 64 KB: the columns of the primary key.
set role enginejs_writer;
create or replace function enginejs.emit_key(payload jsonb, arguments text[]) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(k.name, payload -> k.name)
  from unnest(arguments) with ordinality as k (name, position)
  where k.position > 1
);
revoke execute on function enginejs.emit_key(jsonb, text[]) from public;
reset role;

-- sql/functions/emit_small.sql

-- Of a payload of more than 64 KB, the values that are small: what a trigger's condition and the keys of turns are evaluated
-- over, where `before` and `after` hold the key alone. A value of more than 1 KB is null to them, and so is what does not fit into
-- 16 KB, the smallest first: an event stays small, however many columns a table has.
set role enginejs_writer;
create or replace function enginejs.emit_small(payload jsonb) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(v.key, v.value)
  from (
    select e.key, e.value, sum(pg_column_size(e.value)) over (order by pg_column_size(e.value), e.key) as so_far
    from jsonb_each(payload) as e
    where pg_column_size(e.value) <= 1024
  ) as v
  where v.so_far <= 16384
);
revoke execute on function enginejs.emit_small(jsonb) from public;
reset role;

-- sql/functions/workflow_subscribed.sql

-- Whether some workflow wants the events of a model and action; asked by the emit triggers for every statement, and
-- inlined into their plans as a constant. This is the core's stand-in for a system without workflows:
-- workflow_register() replaces the body with each build (`create or replace`, same signature), and by that
-- makes every session plan anew.
set role enginejs_writer;
do $$
begin
  if to_regprocedure('enginejs.workflow_subscribed(text, text)') is null then
    create function enginejs.workflow_subscribed(model text, action text) returns boolean
    language sql immutable parallel safe
    return model || '/' || action = any ('{}'::text[]);
  end if;
end
$$;
revoke execute on function enginejs.workflow_subscribed(text, text) from public;
reset role;

-- sql/functions/emit_create.sql

-- Writes one event per inserted row, in the writer's transaction. For
--
--   create trigger "90_emit_create" after insert on app.invoice referencing new table as new_rows
--     for each statement execute function enginejs.emit_create('Invoice', 'tenant_id', 'id');
--
-- Arguments: the model's name, then the columns of the primary key: ('tenant_id', 'id') or ('id'). The transition
-- table is called new_rows. Not executable by anybody but the owner of the tables, who needs that right to make triggers.
--
-- The payload is made once, and what it weighs asked of it: the row's own size says little, as values may be compressed in it.
--
-- The rows are anybody's: a column may be called `n` or `model`. So `n.*` is the row whatever its columns are called, and
-- a name that stands alone is a variable.
--
-- What it costs, beside the same table without the trigger: `npm run bench -- outbox`. Tried there and slower: a log
-- partitioned by day instead of one open segment, and a look into workflow_subscriptions instead of a constant.
-- An expression is made ready anew in every transaction, function by function: so there are few of them and they are short.
set role enginejs_writer;
create or replace function enginejs.emit_create() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  actor jsonb;
  origin jsonb;
  rang boolean;
begin
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  if enginejs.workflow_subscribed(tg_argv[0], 'create') then
    with event as (
      insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated, small_values)
      select tg_argv[0], 'create', r.id,
        case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
        actor, origin, pg_column_size(r.payload) > 65536,
        case when pg_column_size(r.payload) > 65536 then jsonb_build_object('after', enginejs.emit_small(r.payload)) end
      from (select n.id, to_jsonb(n.*) as payload from new_rows n offset 0) r
      returning id, segment
    )
    insert into enginejs.workflow_events_pending (event_id, segment, model, action)
    select e.id, e.segment, tg_argv[0], 'create' from event e;
    if found then
      -- An assignment, not `perform`: an expression without a query of its own costs next to nothing.
      rang := enginejs.ring();
    end if;
  else
    -- Nobody wants it: done at once, one insert.
    insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated)
    select tg_argv[0], 'create', r.id,
      case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
      actor, origin, pg_column_size(r.payload) > 65536
    from (select n.id, to_jsonb(n.*) as payload from new_rows n offset 0) r;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_create() from public;
grant execute on function enginejs.emit_create() to enginejs_owner;
reset role;

-- sql/functions/emit_update.sql

-- Writes one event per row that an update really changed, in the writer's transaction. For
--
--   create trigger "90_emit_update" after update on app.invoice
--     referencing old table as old_rows new table as new_rows
--     for each statement execute function enginejs.emit_update('Invoice', 'tenant_id', 'id');
--
-- Arguments as those of emit_create; the transition tables are called old_rows and new_rows. Old and new rows are
-- paired on the key, which is immutable. `updated_at` alone is no change and is not named in `changed`.
--
-- The action is `update`; of the row that the setting enginejs.action_row names, what enginejs.action says, with
-- enginejs.action_input as what the action was called with: an action function sets them around its own update. Other rows
-- that a trigger changes on the way, of this table or another, are updates like any.
--
-- The plan is kept for the session and may be made for one row: a nested loop of transition tables, which have
-- no index, would take minutes for some ten thousand.
-- A column may be called like the alias: `n.*` is the row whatever its columns are called.
set role enginejs_writer;
create or replace function enginejs.emit_update() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_nestloop = off
as $$
declare
  model constant text := tg_argv[0];
  action text;
  acted_on text;
  input jsonb;
  actor jsonb;
  origin jsonb;
  wanted constant boolean := enginejs.workflow_subscribed(model, 'update');
  wanted_action boolean;
  rang boolean;
begin
  if nullif(current_setting('enginejs.action', true), 'update') <> '' then
    action := current_setting('enginejs.action');
    acted_on := current_setting('enginejs.action_row', true);
    input := nullif(current_setting('enginejs.action_input', true), '')::jsonb;
    wanted_action := enginejs.workflow_subscribed(model, action);
  end if;
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  with event as (
    insert into enginejs.workflow_events_current as w
      (model, action, record_id, before, after, changed, input, actor, origin, truncated, small_values)
    select model, case when r.acted then action else 'update' end, r.id,
      case when r.large then enginejs.emit_key(r.before, tg_argv) else r.before end,
      case when r.large then enginejs.emit_key(r.after, tg_argv) else r.after end,
      r.changed, case when r.acted then input end, actor, origin, r.large,
      case when r.large
        then jsonb_build_object('before', enginejs.emit_small(r.before), 'after', enginejs.emit_small(r.after)) end
    from (
      select p.id, p.before, p.after, acted_on is not null and p.id::text = acted_on as acted,
        pg_column_size(p.before) + pg_column_size(p.after) > 65536 as large,
        array(
          select c.key from jsonb_each(p.after) c
          where c.value is distinct from p.before -> c.key and c.key <> 'updated_at'
        ) as changed
      from (
        select n.id, to_jsonb(o.*) as before, to_jsonb(n.*) as after
        from old_rows o join new_rows n on n.id = o.id
        offset 0
      ) p
      -- Ids of different tenants may be equal; a table without that key column has unique ids.
      where tg_nargs = 2 or p.before -> 'tenant_id' = p.after -> 'tenant_id'
      offset 0
    ) r
    -- An action is an event also where nothing but the time of the change is new.
    where r.changed <> '{}' or r.acted
    returning w.id, w.segment, w.action
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, model, e.action from event e
  where case when e.action = 'update' then wanted else wanted_action end;
  if found then
    rang := enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_update() from public;
grant execute on function enginejs.emit_update() to enginejs_owner;
reset role;

-- sql/functions/emit_field_update.sql

-- Writes one event for a changed field that lies in a table of its own: an `update` of its entity that names the field
-- and holds no value, because events are read by more people than the field is. For
--
--   create trigger "90_emit_update" after update on app.employee_salary
--     for each row when (…) execute function enginejs.emit_field_update('Employee', 'salary', 'tenant_id', 'id');
--
-- Arguments: the model's name, the column, then the columns of the primary key, which are all of the payload that is left.
-- Per row and not per statement: the trigger's WHEN condition asks the old row's xmin, which transition tables do not
-- have, and so leaves out rows that this very transaction has made (their event is the `create`) or named already.
set role enginejs_writer;
create or replace function enginejs.emit_field_update() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  model constant text := tg_argv[0];
  payload constant jsonb := enginejs.emit_key(to_jsonb(new), array[model] || tg_argv[2:]);
  actor jsonb;
  origin jsonb;
  wanted constant boolean := enginejs.workflow_subscribed(model, 'update');
  rang boolean;
begin
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  with event as (
    insert into enginejs.workflow_events_current
      (model, action, record_id, before, after, changed, actor, origin, truncated)
    values (model, 'update', new.id, payload, payload, array[tg_argv[1]], actor, origin, true)
    returning id, segment
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, model, 'update' from event e where wanted;
  if found then
    rang := enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_field_update() from public;
grant execute on function enginejs.emit_field_update() to enginejs_owner;
reset role;

-- sql/functions/emit_delete.sql

-- Writes one event per deleted row, in the writer's transaction. For
--
--   create trigger "90_emit_delete" after delete on app.invoice referencing old table as old_rows
--     for each statement execute function enginejs.emit_delete('Invoice', 'tenant_id', 'id');
--
-- Arguments as those of emit_create; the transition table is called old_rows.
-- A column may be called like the alias: `o.*` is the row whatever its columns are called.
set role enginejs_writer;
create or replace function enginejs.emit_delete() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  actor jsonb;
  origin jsonb;
  rang boolean;
begin
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  if enginejs.workflow_subscribed(tg_argv[0], 'delete') then
    with event as (
      insert into enginejs.workflow_events_current (model, action, record_id, before, actor, origin, truncated, small_values)
      select tg_argv[0], 'delete', r.id,
        case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
        actor, origin, pg_column_size(r.payload) > 65536,
        case when pg_column_size(r.payload) > 65536 then jsonb_build_object('before', enginejs.emit_small(r.payload)) end
      from (select o.id, to_jsonb(o.*) as payload from old_rows o offset 0) r
      returning id, segment
    )
    insert into enginejs.workflow_events_pending (event_id, segment, model, action)
    select e.id, e.segment, tg_argv[0], 'delete' from event e;
    if found then
      rang := enginejs.ring();
    end if;
  else
    -- Nobody wants it: done at once, one insert.
    insert into enginejs.workflow_events_current (model, action, record_id, before, actor, origin, truncated)
    select tg_argv[0], 'delete', r.id,
      case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
      actor, origin, pg_column_size(r.payload) > 65536
    from (select o.id, to_jsonb(o.*) as payload from old_rows o offset 0) r;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_delete() from public;
grant execute on function enginejs.emit_delete() to enginejs_owner;
reset role;

-- sql/functions/webhook_register.sql

-- Takes over what a build says of webhooks: which events are offered, under which names their columns leave, who manages
-- endpoints. Called by workflow_register(), which then subscribes to these events.
--
-- A queue's messages have no fields: they leave as they were published, see webhook_deliver().
--
-- Fields are made from the storage map: columns of the entity's own table. What lies in a side table, because not everybody may
-- read it, enters neither the log nor a body.
set role enginejs_writer;
create or replace function enginejs.webhook_register(ir jsonb) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  delete from enginejs.webhook_events;
  delete from enginejs.webhook_settings;
  if not ir ? 'webhooks' then
    return;
  end if;
  insert into enginejs.webhook_settings (managers, private_hosts)
  select array(select jsonb_array_elements_text(ir -> 'webhooks' -> 'manage')),
    array(select jsonb_array_elements_text(ir -> 'webhooks' -> 'privateHosts'));
  insert into enginejs.webhook_events (model, action, type, is_tenant, fields)
  select w.event ->> 'entity', w.event ->> 'action', w.event ->> 'name',
    w.event ->> 'entity' = coalesce(ir -> 'tenancy' ->> 'entity', ''),
    coalesce((
      select jsonb_object_agg(f.field -> 'storage' ->> 'column',
        -- A reference is its column in the API: `customerId`.
        f.field ->> 'name' || case f.field -> 'type' ->> 'kind' when 'one' then 'Id' else '' end)
      from jsonb_array_elements(x.entity -> 'fields') as f (field)
      where f.field -> 'storage' ->> 'kind' in ('column', 'generated')
    ), '{}')
  from jsonb_array_elements(ir -> 'webhooks' -> 'events') as w (event)
  join jsonb_array_elements(ir -> 'entities') as x (entity) on x.entity ->> 'name' = w.event ->> 'entity';
  insert into enginejs.webhook_events (model, action, type, is_tenant, fields)
  select 'queue:' || (w.event ->> 'queue'), 'message', w.event ->> 'name', false, '{}'
  from jsonb_array_elements(ir -> 'webhooks' -> 'events') as w (event)
  where w.event ? 'queue';
end
$$;
revoke execute on function enginejs.webhook_register(jsonb) from public;
reset role;

-- sql/functions/workflow_register.sql

-- Takes over the workflows of a build: keeps their definitions and says anew which events start which workflow.
-- In the build's transaction, so that a workflow counts from the moment its build does.
set role enginejs_writer;
create or replace function enginejs.workflow_register() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted text;
begin
  insert into enginejs.workflow_definitions (name, hash, definition)
  select w.definition ->> 'name', encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex'), w.definition
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  on conflict (name, hash) do nothing;

  delete from enginejs.workflow_subscriptions;
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select t.trigger ->> 'entity',
    case t.trigger ->> 'event' when 'action' then t.trigger ->> 'action' else t.trigger ->> 'event' end,
    d.name, d.id, t.trigger ? 'condition' or coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  cross join lateral (values (w.definition -> 'trigger')) as t (trigger)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex')
  where t.trigger ->> 'kind' = 'model';

  -- A message of a queue, for each workflow that receives from it.
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select 'queue:' || (w.definition #>> '{trigger,queue}'), 'message', d.name, d.id,
    coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex')
  where w.definition #>> '{trigger,kind}' = 'queue';

  delete from enginejs.workflow_queues;
  insert into enginejs.workflow_queues (name, message, publishers)
  select q.queue ->> 'name', q.queue -> 'message',
    case when q.queue ? 'publishers' then array(select jsonb_array_elements_text(q.queue -> 'publishers')) end
  from jsonb_array_elements(coalesce(new.ir -> 'queues', '[]')) as q (queue);

  -- By its name every workflow can be started: enginejs.workflow_start.
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select 'workflow:' || d.name, 'start', d.name, d.id,
    coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex');

  -- What webhooks are offered for: the relay knows them by their lack of a definition.
  perform enginejs.webhook_register(new.ir);
  insert into enginejs.workflow_subscriptions (model, action, workflow, conditional)
  select w.model, w.action, '@webhooks', false from enginejs.webhook_events w;

  -- A pause outlives builds.
  update enginejs.workflow_subscriptions s set paused = true
  where s.workflow in (select p.workflow from enginejs.workflow_pauses p);

  -- What the emit triggers ask for every statement, as a constant: a look into the table would be paid for by every statement.
  -- By action, because a trigger says its own as a literal: what is left in its plan is one comparison, or none.
  select string_agg(format('when %L then model = any (%L::text[])', a.action, a.models), ' ' order by a.action)
  into wanted
  from (
    select s.action, array_agg(distinct s.model order by s.model) as models
    from enginejs.workflow_subscriptions s where s.model not like 'workflow:%' and s.model not like 'queue:%'
    group by s.action
  ) a;
  execute format(
    'create or replace function enginejs.workflow_subscribed(model text, action text) returns boolean
     language sql immutable parallel safe
     return %s', coalesce('case action ' || wanted || ' else false end', 'false'));

  -- Messages that nobody received so far and somebody does now: see workflow_keep_messages.
  perform pg_advisory_xact_lock(7714020, 0);
  with given as (
    delete from enginejs.workflow_messages_kept k
    where exists (select from enginejs.workflow_subscriptions s where s.model = 'queue:' || k.queue and s.action = 'message')
    returning k.event_id, k.segment, k.queue
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select g.event_id, g.segment, 'queue:' || g.queue, 'message' from given g order by g.event_id;
  if found then
    perform enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.workflow_register() from public;
grant execute on function enginejs.workflow_register() to enginejs_owner;
reset role;

set role enginejs_owner;
create or replace trigger workflow_register after insert on enginejs.build
  for each row execute function enginejs.workflow_register();
reset role;

-- sql/functions/workflow_run_id.sql

-- The id of the run that follows an event by a workflow: always the same, so that no event has two of a workflow.
-- The event's id in the first eight bytes keeps the index of runs ordered by time, and an event's runs together.
set role enginejs_writer;
create or replace function enginejs.workflow_run_id(event_id bigint, workflow text) returns uuid
language sql immutable parallel safe
return (lpad(to_hex(event_id), 16, '0') || substr(md5(workflow), 1, 16))::uuid;
revoke execute on function enginejs.workflow_run_id(bigint, text) from public;
reset role;

-- sql/functions/workflow_start_runs.sql

-- Makes one run per event and definition. Called by workflow_relay, and by the relay for what conditions let pass, in one
-- transaction with the taking of the events: a run is made exactly once. The arrays belong together by position.
--
-- The first `slots` of them are made as runs of `worker` already, each with a lease: what the relay's own process has hands
-- free for needs no job, no claim and no further round trip. `begun` is what it needs of them, as workflow_claim gives it
-- for others. If the process dies with them, they are the runs of a dead worker like any others (workflow_reap); if the
-- answer is lost, runs that it does not know of (workflow_forgotten). A worker that was declared dead gets none.
-- A first lease is drawn, not 1: the relay commits asynchronously (see workflow_relay), so a crash of the server may take
-- back that a lease was given, and the next one must not be the same.
--
-- For the rest there are jobs: one rings for a sixteenth of them, at most 50, so that any worker may take a part of them
-- and what a job costs (three writes and a row) is shared.
--
-- A workflow may have been paused since the relay read its subscription: its runs are made, and wait.
--
-- What that saves against a job, a claim and a checkpoint for each run: `npm run bench -- workflows`, case `no-op`.
--
-- Planning anew for each array of events took as long as making one run. So there is one plan, which nothing that statistics
-- say of the log may change: each event is looked up by its key, one by one (`offset 0` keeps it from becoming a join).
set role enginejs_writer;
create or replace function enginejs.workflow_start_runs(
  events bigint[], segments int[], definitions int[], worker int default null, slots int default 0, out begun json
)
language plpgsql volatile set search_path = '' set plan_cache_mode = force_generic_plan set enable_seqscan = off
  set enable_bitmapscan = off
as $$
declare
  mine int := 0;
  others int;
  first_lease constant int := 1 + (random() * 1000000000)::int;
  heavy uuid[];
begin
  if exists (select from enginejs.workflow_pauses) then
    insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, status)
    select enginejs.workflow_run_id(u.event_id, d.name), u.definition_id, u.event_id, u.segment, 'paused'
    from unnest(events, segments, definitions) as u (event_id, segment, definition_id)
    join enginejs.workflow_definitions d on d.id = u.definition_id
    join enginejs.workflow_pauses p on p.workflow = d.name
    on conflict (id) do nothing;
    select coalesce(array_agg(u.event_id order by u.place), '{}'), array_agg(u.segment order by u.place),
      array_agg(u.definition_id order by u.place)
    into events, segments, definitions
    from unnest(events, segments, definitions) with ordinality as u (event_id, segment, definition_id, place)
    join enginejs.workflow_definitions d on d.id = u.definition_id
    where not exists (select from enginejs.workflow_pauses p where p.workflow = d.name);
  end if;
  others := cardinality(events);
  if slots > 0 and exists (select from enginejs.workflow_workers w where w.id = worker) then
    mine := least(slots, others);
    with run as (
      insert into enginejs.workflow_runs_active as r
        (id, definition_id, event_id, segment, status, lease, worker_id, attempts)
      select enginejs.workflow_run_id(u.event_id, d.name), u.definition_id, u.event_id, u.segment, 'running', first_lease,
        worker, 1
      from unnest(events[:mine], segments[:mine], definitions[:mine]) as u (event_id, segment, definition_id)
      join enginejs.workflow_definitions d on d.id = u.definition_id
      on conflict (id) do nothing
      returning r.id, r.lease, r.definition_id, r.event_id, r.segment
    )
    -- What is heavy comes by a claim of its own: all of these are one value, of which PostgreSQL makes none larger than 1 GB.
    select array_agg(r.id) filter (where pg_column_size(e.input) > 32768), json_agg(json_build_object(
      'id', r.id, 'lease', r.lease, 'definition_id', r.definition_id, 'segment', r.segment,
      'event', json_build_object('id', e.id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
        'before', e.before, 'after', e.after, 'input', e.input, 'createdAt', e.created_at),
      'actor', e.actor, 'origin', e.origin,
      -- No numeric: one whose last digit is 0 would have the worker read all of this number by number (exact-json.ts).
      'age_ms', round(extract(epoch from clock_timestamp() - e.created_at) * 1000, 3)::double precision))
      filter (where pg_column_size(e.input) > 32768 is not true)
    into heavy, begun
    from run r
    cross join lateral (
      select l.* from enginejs.workflow_events l where l.id = r.event_id and l.segment = r.segment offset 0
    ) e;
    if heavy is not null then
      perform enginejs.workflow_ring_for(heavy);
    end if;
  end if;
  if mine = others then
    return;
  end if;
  with run as materialized (
    select enginejs.workflow_run_id(u.event_id, d.name) as id, u.event_id, u.segment, u.definition_id,
      (row_number() over () - 1) / least(50, 1 + (others - mine) / 16) as job
    from unnest(events[mine + 1:], segments[mine + 1:], definitions[mine + 1:]) as u (event_id, segment, definition_id)
    join enginejs.workflow_definitions d on d.id = u.definition_id
  ),
  job as (
    select j.id, x.run::uuid as run
    from graphile_worker.add_jobs(array(
      select (
        'enginejs:run', json_build_object('runs', json_agg(run.id)), null, null,
        -- Whether a run is tried again is decided by the run, never by its job.
        32767,
        null, null, null
      )::graphile_worker.job_spec
      from run group by run.job order by run.job
    )) j
    cross join json_array_elements_text(j.payload -> 'runs') as x (run)
  )
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, job_id)
  select run.id, run.definition_id, run.event_id, run.segment, job.id
  from run join job on job.run = run.id
  on conflict (id) do nothing;
end
$$;
revoke execute on function enginejs.workflow_start_runs(bigint[], int[], int[], int, int) from public;
reset role;

-- sql/functions/webhook_body.sql

-- The body of a webhook, as Standard Webhooks have it: {"type", "timestamp", "data"}.
set role enginejs_writer;
create or replace function enginejs.webhook_body(type text, at timestamptz, data jsonb) returns text
language sql stable set search_path = ''
return json_build_object(
  'type', type, 'timestamp', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'data', data
)::text;
revoke execute on function enginejs.webhook_body(text, timestamptz, jsonb) from public;
reset role;

-- sql/functions/webhook_fields.sql

-- A payload of the event log under the names of the API; what has none is left out.
set role enginejs_writer;
create or replace function enginejs.webhook_fields(payload jsonb, fields jsonb) returns jsonb
language sql immutable parallel safe set search_path = ''
return (
  select coalesce(jsonb_object_agg(f.name, payload -> f.column_name), '{}')
  from jsonb_each_text(fields) as f (column_name, name)
  where payload ? f.column_name
);
revoke execute on function enginejs.webhook_fields(jsonb, jsonb) from public;
reset role;

-- sql/functions/webhook_deliver.sql

-- Makes the deliveries of events that webhooks are offered for: one per event and endpoint of the row's tenant that chose it.
-- Called by the relay in the transaction that takes the events, so exactly once. Returns how many.
--
-- What it costs where nobody wants them: without an enabled endpoint one look into an empty table; else, per event, its row
-- of the log by the key, to know the tenant, and one look into that tenant's endpoints. Bodies are made for wanted ones only.
-- Events of a model and action that the config does not offer never come here: they are no subscription.
--
-- The tenant is the row's, never the actor's: somebody of another tenant, or of none, may have written it. A message of a queue has
-- no row: its tenant is the one that it was published in, which begin_request or the run of a workflow has set; one that was
-- published in none goes to nobody.
set role enginejs_writer;
create or replace function enginejs.webhook_deliver(events bigint[], segments int[]) returns int
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
declare
  made int;
begin
  if not exists (select from enginejs.webhook_endpoints n where n.enabled) then
    return 0;
  end if;
  with event as materialized (
    select e.id, e.created_at, e.record_id, e.action, e.before, e.after, e.changed, e.truncated, w.type, w.fields,
      case when e.model like 'queue:%' then e.input end as message,
      case
        when e.model like 'queue:%' then case
          when e.actor ->> 'tenant' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then (e.actor ->> 'tenant')::uuid end
        when w.is_tenant then e.record_id
        else coalesce(e.after ->> 'tenant_id', e.before ->> 'tenant_id')::uuid end as tenant_id
    from unnest(events, segments) as u (event_id, segment)
    join enginejs.workflow_events e on e.id = u.event_id and e.segment = u.segment
    join enginejs.webhook_events w on w.model = e.model and w.action = e.action
    -- Only values that no body may hold have changed.
    where e.action <> 'update' or w.fields ?| e.changed
  ),
  wanted as materialized (
    select e.id as event_id, n.id as endpoint_id, n.tenant_id
    from event e join enginejs.webhook_endpoints n on n.tenant_id = e.tenant_id
    where n.enabled and (n.events is null or e.type = any (n.events))
  ),
  message as (
    insert into enginejs.webhook_messages (tenant_id, event_id, type, body)
    select e.tenant_id, e.id, e.type, enginejs.webhook_body(e.type, e.created_at,
      jsonb_build_object('id', e.record_id)
        || case
          when e.message is null then '{}'
          when octet_length(e.message::text) > 65536 then '{"truncated": true}'
          else jsonb_build_object('message', e.message) end
        || case when e.after is null then '{}' else jsonb_build_object('after', enginejs.webhook_fields(e.after, e.fields)) end
        || case when e.before is null then '{}' else jsonb_build_object('before', enginejs.webhook_fields(e.before, e.fields)) end
        || case when e.changed is null then '{}' else jsonb_build_object('changed',
          array(select e.fields ->> c.name from unnest(e.changed) as c (name) where e.fields ? c.name)) end
        || case when e.truncated then '{"truncated": true}'::jsonb else '{}' end)
    from event e
    where e.id in (select w.event_id from wanted w)
    on conflict (event_id) do nothing
    returning id, event_id
  )
  insert into enginejs.webhook_deliveries (tenant_id, endpoint_id, message_id)
  select w.tenant_id, w.endpoint_id, m.id
  from message m join wanted w on w.event_id = m.event_id
  -- In the order of the keys that are locked.
  order by w.endpoint_id;
  get diagnostics made = row_count;
  return made;
end
$$;
revoke execute on function enginejs.webhook_deliver(bigint[], int[]) from public;
reset role;

-- sql/functions/workflow_relay.sql

-- Takes a batch of pending events whose ids are greater than `beyond` (0: any) and starts the runs of all
-- workflows that want them without a condition. Returns how many events were taken, the greatest id among them,
-- the runs that `worker`, who has `slots` hands free, is to do itself (see workflow_start_runs), and those that
-- subscriptions with conditions ask for: the caller evaluates these in the same transaction. A caller that is in none
-- says so by `conditions`, and is refused (EJ428) where there are any: it comes again with a transaction.
--
-- `beyond` only spares the relay from walking over the dead index entries of what it took before, while an old
-- snapshot keeps them alive. Ids commit out of order, so it must look from 0 again before it sleeps.
--
-- More than `slots` are taken for others only: where other workers live, or the caller says `spill`, because none of its
-- own hands was free for a while. And none while `most_queued` runs wait for a worker. The backlog stays in the pending
-- table, which is narrow, and graphile_worker's table of jobs stays small. `full`: events were left for want of slots.
--
-- The relay's session commits asynchronously. What a crash of the server may take back is whole transactions of this
-- function, the latest ones: then the events are pending again and the runs were never made, as if the crash had come
-- a moment earlier. Nothing durable can have followed from them: WAL is one sequence, so the first checkpoint of such a run
-- makes its making durable as well.
--
-- Statistics say that a queue is empty, whatever is in it now: so the plan must not depend on them. No join with the
-- pending table, no sequential scan of it, and no bitmap of it that is sorted then: each made the planner walk over all of a
-- backlog for each batch.
set role enginejs_writer;
create or replace function enginejs.workflow_relay(
  beyond bigint, batch int, most_queued int,
  worker int default null, slots int default 0, spill boolean default true, conditions boolean default true,
  out taken int, out last_event bigint, out busy boolean, out "full" boolean, out conditional jsonb, out begun json
)
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  most int := batch;
  events bigint[];
  segments int[];
  definitions int[];
  held jsonb;
  -- Those that webhooks are offered for.
  hook_events bigint[];
  hook_segments int[];
  -- Messages that no workflow receives.
  lone_events bigint[];
  lone_segments int[];
begin
  taken := 0;
  busy := false;
  "full" := false;
  if not spill and not exists (
    select from enginejs.workflow_workers w
    where w.id <> worker and w.heartbeat_at > clock_timestamp() - interval '5 s'
  ) then
    most := least(batch, slots);
  elsif slots < batch then
    select count(*) >= most_queued into busy
    from (select from enginejs.workflow_runs_active r where r.status = 'queued' limit most_queued) queued;
    if busy then
      most := least(batch, slots);
    end if;
  end if;
  if most > 0 then
    with event as materialized (
      delete from enginejs.workflow_events_pending p
      where p.event_id = any (array(
        select due.event_id from enginejs.workflow_events_pending due
        where due.event_id > beyond and (due.next_run_at is null or due.next_run_at <= clock_timestamp())
        order by due.event_id
        limit most
        for update skip locked
      ))
      returning p.event_id, p.segment, p.model, p.action, p.workflows, p.attempts
    ),
    match as materialized (
      select e.event_id, e.segment, e.model, e.workflows, e.attempts, s.workflow, s.definition_id, s.conditional, s.paused
      from event e join enginejs.workflow_subscriptions s on s.model = e.model and s.action = e.action
      where e.workflows is null or s.workflow = any (e.workflows)
      order by e.event_id
    ),
    lone as (
      select e.event_id, e.segment from event e
      where e.model like 'queue:%' and e.workflows is null
        and not exists (select from enginejs.workflow_subscriptions s where s.model = e.model and s.action = e.action)
    )
    select
      (select count(*) from event), (select max(e.event_id) from event e),
      array_agg(m.event_id) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.segment) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.definition_id) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.event_id) filter (where m.definition_id is null), array_agg(m.segment) filter (where m.definition_id is null),
      jsonb_agg(jsonb_build_object('event', m.event_id, 'segment', m.segment, 'workflow', m.workflow,
        'definition', m.definition_id, 'attempts', m.attempts, 'model', m.model)) filter (where m.conditional and not m.paused),
      jsonb_agg(jsonb_build_object('event_id', m.event_id, 'segment', m.segment, 'workflow', m.workflow)) filter (where m.paused),
      (select array_agg(l.event_id order by l.event_id) from lone l), (select array_agg(l.segment order by l.event_id) from lone l)
    into taken, last_event, events, segments, definitions, hook_events, hook_segments, conditional, held, lone_events, lone_segments
    from match m;
  end if;
  "full" := taken = most and most < batch;
  if conditional is not null and not conditions then
    raise exception 'events of workflows with conditions: they are evaluated in the transaction that takes them'
      using errcode = 'EJ428';
  end if;
  -- Kept for workflows that are paused: see workflow_pauses.sql.
  if held is not null then
    insert into enginejs.workflow_events_held (event_id, segment, workflow)
    select h.event_id, h.segment, h.workflow from jsonb_to_recordset(held) as h (event_id bigint, segment int, workflow text)
    on conflict do nothing;
  end if;
  if lone_events is not null then
    perform enginejs.workflow_keep_messages(lone_events, lone_segments);
  end if;
  if hook_events is not null then
    perform enginejs.webhook_deliver(hook_events, hook_segments);
  end if;
  if events is not null then
    begun := enginejs.workflow_start_runs(events, segments, definitions, worker, slots);
  end if;
end
$$;
revoke execute on function enginejs.workflow_relay(bigint, int, int, int, int, boolean, boolean) from public;
reset role;

-- sql/functions/workflow_actor_roles.sql

-- The roles that whoever caused an event has in its tenant now, for conditions of triggers; empty for none. The
-- relay evaluates conditions as enginejs_system, which may read every membership anyway.
set role enginejs_reader;
create or replace function enginejs.workflow_actor_roles(actor uuid, tenant uuid) returns text[]
language sql stable parallel safe security definer set search_path = ''
as 'select coalesce(enginejs.membership_roles(actor, tenant), ''{}'')';
revoke execute on function enginejs.workflow_actor_roles(uuid, uuid) from public;
grant execute on function enginejs.workflow_actor_roles(uuid, uuid) to enginejs_system;
reset role;

-- sql/functions/workflow_is_member.sql

-- Whether somebody belongs to a tenant, now: a run does not act in the name of a stranger. The worker asks as
-- enginejs_system, which may read every membership anyway.
set role enginejs_reader;
create or replace function enginejs.workflow_is_member(subject uuid, tenant uuid) returns boolean
language sql stable parallel safe security definer set search_path = ''
as 'select enginejs.membership_roles(subject, tenant) is not null';
revoke execute on function enginejs.workflow_is_member(uuid, uuid) from public;
grant execute on function enginejs.workflow_is_member(uuid, uuid) to enginejs_system;
reset role;

-- sql/functions/workflow_defer_event.sql

-- Puts an event back for one workflow whose condition could not be evaluated, in the transaction that took it:
-- tried again after a growing pause, and given up after `most_attempts`.
set role enginejs_writer;
create or replace function enginejs.workflow_defer_event(
  event_id bigint, segment int, workflow text, failed_attempts int, most_attempts int, reason text
) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if failed_attempts >= most_attempts then
    insert into enginejs.workflow_events_failed as f (event_id, segment, workflows, attempts, error)
    values (workflow_defer_event.event_id, workflow_defer_event.segment, array[workflow], failed_attempts, reason)
    on conflict on constraint workflow_events_failed_pkey
      do update set workflows = f.workflows || excluded.workflows, error = excluded.error;
    return;
  end if;
  insert into enginejs.workflow_events_pending as p
    (event_id, segment, model, action, workflows, attempts, next_run_at, error)
  select e.id, e.segment, e.model, e.action, array[workflow], failed_attempts,
    clock_timestamp() + least(power(2, failed_attempts), 300) * interval '1 s', reason
  from enginejs.workflow_events e
  where e.id = workflow_defer_event.event_id and e.segment = workflow_defer_event.segment
  on conflict on constraint workflow_events_pending_pkey
    do update set workflows = p.workflows || excluded.workflows;
end
$$;
revoke execute on function enginejs.workflow_defer_event(bigint, int, text, int, int, text) from public;
reset role;

-- sql/functions/workflow_claim.sql

-- Gives a worker the runs that it asks for, those of them that are still queued: compare and set. Each claim is a
-- new lease. A worker that was declared dead gets none. Returns what a run needs: its event and the results so far.
-- A run that was rung for at the very moment at which its workflow was paused is queued still: it waits from here on.
-- Never by a sequential scan, whatever statistics say of the active runs: see workflow_finish.
set role enginejs_writer;
create or replace function enginejs.workflow_claim(runs uuid[], worker int)
returns table (
  id uuid, lease int, definition_id int, segment int, attempts int, failed_step text, failures int,
  event jsonb, actor jsonb, origin jsonb, results jsonb, waits boolean, failure jsonb, cancel text, age_ms double precision
)
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
begin
  if exists (select from enginejs.workflow_pauses) then
    update enginejs.workflow_runs_active r
    set status = 'paused', job_id = null, since = clock_timestamp()
    from enginejs.workflow_definitions d join enginejs.workflow_pauses p on p.workflow = d.name
    where r.id = any (runs) and d.id = r.definition_id and r.status = 'queued' and r.paused is not false
      and r.cancel is null and r.failure is null;
  end if;
  return query
  with claimed as (
    update enginejs.workflow_runs_active r
    set status = 'running', lease = r.lease + 1, worker_id = worker, attempts = r.attempts + 1,
      since = clock_timestamp()
    where r.id = any (runs) and r.status = 'queued'
      and exists (select from enginejs.workflow_workers w where w.id = worker)
    returning r.id, r.lease, r.definition_id, r.event_id, r.segment, r.attempts, r.failed_step, r.failures,
      r.waits, r.failure, r.cancel, r.restarted_at
  )
  select c.id, c.lease, c.definition_id, c.segment, c.attempts, c.failed_step, c.failures,
    jsonb_build_object('id', e.id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
      'before', e.before, 'after', e.after, 'input', e.input, 'createdAt', e.created_at),
    e.actor, e.origin,
    coalesce((
      select jsonb_object_agg(s.step, s.output) from enginejs.workflow_run_steps s
      where s.run_id = c.id and s.segment = c.segment
    ), '{}'),
    c.waits, c.failure, c.cancel, extract(epoch from clock_timestamp() - coalesce(c.restarted_at, e.created_at))::double precision * 1000
  from claimed c
  join enginejs.workflow_events e on e.id = c.event_id and e.segment = c.segment;
end
$$;
revoke execute on function enginejs.workflow_claim(uuid[], int) from public;
reset role;

-- sql/functions/workflow_holds.sql

-- Whether a worker still holds the lease of a run. Locks the run until the end of the transaction: nobody can take
-- the lease away between this and what depends on it. The transaction is known as one of that worker's from here on:
-- where it stands still in the middle, whoever reaps it ends the transaction, locks and all (workflow_reap).
set role enginejs_writer;
create or replace function enginejs.workflow_holds(run uuid, held_lease int) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  worker int;
begin
  select r.worker_id into worker from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for no key update;
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock_shared(7714009, worker);
  return true;
end
$$;
revoke execute on function enginejs.workflow_holds(uuid, int) from public;
reset role;

-- sql/functions/workflow_checkpoint.sql

-- Writes the results of steps whose leases are still held, and returns the runs that they were written for. The
-- arrays belong together by position. Steps of concurrent runs share one call, and so one commit. Its plan is always the
-- same: see workflow_finish.
set role enginejs_writer;
create or replace function enginejs.workflow_checkpoint(runs uuid[], leases int[], steps text[], outputs jsonb[])
returns setof uuid
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_nestloop = off
as $$
begin
  return query
  with held as (
    select r.id, r.segment, u.step, u.output
    from unnest(runs, leases, steps, outputs) as u (run, lease, step, output)
    join enginejs.workflow_runs_active r on r.id = u.run and r.lease = u.lease and r.status = 'running'
    where r.id = any (runs)
    -- In the order of the key, as all who lock several: no deadlocks.
    order by r.id
    for no key update of r
  )
  insert into enginejs.workflow_run_steps as s (run_id, segment, step, output)
  select h.id, h.segment, h.step, h.output from held h
  returning s.run_id;
end
$$;
revoke execute on function enginejs.workflow_checkpoint(uuid[], int[], text[], jsonb[]) from public;
reset role;

-- sql/functions/workflow_finish.sql

-- Ends runs whose leases are still held, and returns them: done where the error is null, else cancelled where somebody asked
-- for that, else failed. The arrays belong together by position. A run whose last step has just been done brings that
-- step's result: its checkpoint and the end are one statement.
--
-- The table of active runs is small to the statistics and may be large just now. So the plan is the same always: the runs by
-- the key, joined by a hash.
set role enginejs_writer;
create or replace function enginejs.workflow_finish(
  runs uuid[], leases int[], failed_steps text[], errors text[], outputs jsonb[] default '{}',
  last_steps text[] default '{}', last_outputs jsonb[] default '{}'
) returns setof uuid
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_nestloop = off
as $$
begin
  return query
  with ended as (
    delete from enginejs.workflow_runs_active r
    using unnest(runs, leases, failed_steps, errors, outputs, last_steps, last_outputs)
      as u (run, lease, failed_step, error, output, last_step, last_output)
    where r.id = any (runs) and r.id = u.run and r.lease = u.lease and r.status = 'running'
    returning r.id, r.definition_id, r.event_id, r.segment, r.attempts, r.created_at, r.waits, r.cancel,
      u.failed_step, u.error, u.output, u.last_step, u.last_output
  ),
  kept as (
    insert into enginejs.workflow_run_steps (run_id, segment, step, output)
    select e.id, e.segment, e.last_step, e.last_output from ended e where e.last_step is not null
  ),
  -- What it no longer waits for, such as a pause of a path that the end came before.
  forgotten as (
    delete from enginejs.workflow_waits w using ended e where e.waits and w.run_id = e.id
  )
  insert into enginejs.workflow_runs_finished as f
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, output, created_at)
  select e.id, e.definition_id, e.event_id, e.segment,
    case when e.error is null then 'done' when e.cancel is not null then 'cancelled' else 'failed' end,
    e.attempts, e.failed_step, e.error, e.output, e.created_at
  from ended e
  returning f.id;
end
$$;
revoke execute on function enginejs.workflow_finish(uuid[], int[], text[], text[], jsonb[], text[], jsonb[]) from public;
reset role;

-- sql/functions/workflow_retry.sql

-- Puts a run back whose step failed, to be tried again after a pause. Nothing happens where the lease is lost.
-- With a null step: put back as it was and rung for at once, by a worker that stops.
set role enginejs_writer;
create or replace function enginejs.workflow_retry(run uuid, held_lease int, step text, reason text, pause interval)
returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  update enginejs.workflow_runs_active r
  set status = 'waiting', worker_id = null, since = clock_timestamp(), next_run_at = clock_timestamp() + pause,
    failures = case when step is null then r.failures when r.failed_step = step then r.failures + 1 else 1 end,
    failed_step = coalesce(step, r.failed_step),
    error = coalesce(reason, r.error)
  where r.id = run and r.lease = held_lease and r.status = 'running';
  return found;
end
$$;
revoke execute on function enginejs.workflow_retry(uuid, int, text, text, interval) from public;
reset role;

-- sql/functions/workflow_ring_for.sql

-- Queues runs anew, each with a new job that rings for it; those that are paused, or whose workflow is, wait for an operator
-- instead, unless they are on their way to the end. The caller has locked them.
set role enginejs_writer;
create or replace function enginejs.workflow_ring_for(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if runs is null or cardinality(runs) = 0 then
    return;
  end if;
  if exists (select from enginejs.workflow_pauses)
    or exists (select from enginejs.workflow_runs_active r where r.id = any (runs) and r.paused) then
    with held as (
      update enginejs.workflow_runs_active r
      set status = 'paused', worker_id = null, job_id = null, next_run_at = null, since = clock_timestamp()
      from enginejs.workflow_definitions d
      where r.id = any (runs) and d.id = r.definition_id and r.cancel is null and r.failure is null
        and coalesce(r.paused, exists (select from enginejs.workflow_pauses p where p.workflow = d.name))
      returning r.id
    )
    select array(select u.run from unnest(runs) as u (run) where u.run not in (select h.id from held h)) into runs;
    if runs = '{}' then
      return;
    end if;
  end if;
  with job as (
    select j.id, (j.payload ->> 'run')::uuid as run
    from graphile_worker.add_jobs(array(
      select ('enginejs:run', json_build_object('run', u.run), null, null, 32767, null, t.priority, null)::graphile_worker.job_spec
      from unnest(runs) as u (run) left join enginejs.workflow_turns t on t.run_id = u.run
    )) j
  )
  update enginejs.workflow_runs_active r
  set status = 'queued', worker_id = null, job_id = job.id, next_run_at = null, since = clock_timestamp()
  from job where r.id = job.run;
end
$$;
revoke execute on function enginejs.workflow_ring_for(uuid[]) from public;
reset role;

-- sql/functions/workflow_hand_on.sql

-- Rings anew for runs whose job is with a worker that has no hands free, so that somebody else may take them; each by a
-- job of its own. Those that are no longer queued are in good hands already.
set role enginejs_writer;
create or replace function enginejs.workflow_hand_on(runs uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  waiting uuid[];
begin
  select array_agg(q.id) into waiting
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.id = any (runs) and r.status = 'queued'
    order by r.id
    for update skip locked
  ) q;
  perform enginejs.workflow_ring_for(waiting);
  return coalesce(cardinality(waiting), 0);
end
$$;
revoke execute on function enginejs.workflow_hand_on(uuid[]) from public;
reset role;

-- sql/functions/workflow_unpark.sql

-- Takes parked runs back among the active ones, each with a job that rings for it. Those that are not parked (they
-- run, and will look at their waits before they park) are left alone.
set role enginejs_writer;
create or replace function enginejs.workflow_unpark(runs uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  moved uuid[];
begin
  if runs is null or cardinality(runs) = 0 then
    return 0;
  end if;
  -- In the order of the key, as all who lock several: no deadlocks.
  perform from enginejs.workflow_runs_parked r where r.id = any (runs) order by r.id for update;
  with taken as (
    delete from enginejs.workflow_runs_parked r where r.id = any (runs) returning r.*
  ),
  active as (
    insert into enginejs.workflow_runs_active select t.* from taken t returning id
  )
  select array_agg(a.id) into moved from active a;
  perform enginejs.workflow_ring_for(moved);
  return coalesce(cardinality(moved), 0);
end
$$;
revoke execute on function enginejs.workflow_unpark(uuid[]) from public;
reset role;

-- sql/functions/workflow_wait.sql

-- Writes down that a step of a run waits from now on. Returns {"lost": true} where the lease is, {"output": …} where a
-- signal that was kept is taken at once (it is the step's checkpoint then), and null where the step waits. Raises EJ404 where nothing says who may decide an approval.
--
-- `length_ms` or `moment`: until when; neither, or infinity: without end. `details` holds the other columns by name.
set role enginejs_writer;
create or replace function enginejs.workflow_wait(
  run uuid, held_lease int, wait_step text, wait_kind text, length_ms bigint, moment timestamptz, details jsonb
) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  given record;
  run_segment int;
begin
  -- Before the run's row, as in workflow_signal: a signal either finds this wait, or is found by it.
  if wait_kind = 'signal' then
    perform pg_advisory_xact_lock(7714004, hashtext((details ->> 'name') || '/' || (details ->> 'key')));
  end if;
  update enginejs.workflow_runs_active r set waits = true
  where r.id = run and r.lease = held_lease and r.status = 'running'
  returning r.segment into run_segment;
  if not found then
    return '{"lost": true}';
  end if;
  if wait_kind = 'approval' and enginejs.workflow_find_rule(details ->> 'policy') is null then
    raise exception 'there is no function %', details ->> 'policy' using errcode = 'EJ404';
  end if;
  if wait_kind = 'signal' then
    delete from enginejs.workflow_signals s
    where s.id = (
      select k.id from enginejs.workflow_signals k
      where k.name = details ->> 'name' and k.key = details ->> 'key'
        and (k.tenant is null or details ->> 'tenant' is null or k.tenant = (details ->> 'tenant')::uuid)
      order by k.id limit 1
    )
    returning jsonb_build_object('payload', s.payload, 'timedOut', false) as output into given;
    if found then
      insert into enginejs.workflow_run_steps (run_id, segment, step, output)
      values (run, run_segment, wait_step, given.output);
      return jsonb_build_object('output', given.output);
    end if;
  end if;
  insert into enginejs.workflow_waits as w
    (run_id, step, kind, until, name, key, child, child_segment, tenant, question, data, policy, scope, failures, error)
  select run, wait_step, wait_kind, nullif(coalesce(moment, clock_timestamp() + length_ms * interval '1 ms'), 'infinity'),
    d.name, d.key, d.child, d.child_segment, d.tenant, d.question, d.data, d.policy, d.scope, d.failures, d.error
  from jsonb_populate_record(null::enginejs.workflow_waits, coalesce(details, '{}')) d
  -- A step that has failed again pauses anew, and one that has paused may wait for something else now: another run, a
  -- signal, a time. Any other wait is begun once.
  on conflict on constraint workflow_waits_pkey
    do update set kind = excluded.kind, since = excluded.since, until = excluded.until, name = excluded.name,
      key = excluded.key, child = excluded.child, child_segment = excluded.child_segment, tenant = excluded.tenant,
      question = excluded.question, data = excluded.data, policy = excluded.policy, scope = excluded.scope,
      failures = excluded.failures, error = excluded.error
    where w.kind = 'retry';
  return null;
end
$$;
revoke execute on function enginejs.workflow_wait(uuid, int, text, text, bigint, timestamptz, jsonb) from public;
reset role;

-- sql/functions/workflow_resume.sql

-- What became of the waits of a run that goes on: those whose time is over are ended, and outcomes become checkpoints.
-- Returns null where the lease is lost, else an array of {"step", "kind", "state", …}:
--   done     with `output`: it has a checkpoint now
--   failed   with `error`
--   due      the pause before another attempt is over; with `failures`
--   waiting  still; with `failures` for a pause
set role enginejs_writer;
create or replace function enginejs.workflow_resume(run uuid, held_lease int) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  run_segment int;
  done jsonb;
begin
  select r.segment into run_segment from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for no key update;
  if not found then
    return null;
  end if;
  update enginejs.workflow_waits w
  set outcome = case w.kind
    when 'timer' then '{"output": null}'::jsonb
    when 'signal' then '{"output": {"payload": null, "timedOut": true}}'
    when 'approval' then '{"output": {"approved": false, "by": null, "comment": null, "timedOut": true}}'
    else jsonb_build_object('error', format('the workflow %s (run %s) has not ended in time', w.name, w.child))
  end
  where w.run_id = run and w.kind <> 'retry' and w.outcome is null and w.until <= clock_timestamp();

  -- Pauses before attempts that went well.
  delete from enginejs.workflow_waits w
  where w.run_id = run and w.kind = 'retry' and exists (
    select from enginejs.workflow_run_steps s where s.run_id = run and s.step = w.step and s.segment = run_segment
  );

  with taken as (
    delete from enginejs.workflow_waits w where w.run_id = run and w.outcome ? 'output'
    returning w.step, w.kind, w.outcome -> 'output' as output
  ),
  kept as (
    insert into enginejs.workflow_run_steps (run_id, segment, step, output)
    select run, run_segment, t.step, t.output from taken t
    on conflict on constraint workflow_run_steps_pkey do nothing
  )
  select jsonb_agg(jsonb_build_object('step', t.step, 'kind', t.kind, 'state', 'done', 'output', t.output))
  into done from taken t;

  return coalesce(done, '[]') || coalesce((
    select jsonb_agg(jsonb_build_object('step', w.step, 'kind', w.kind, 'failures', w.failures,
      'error', w.outcome ->> 'error',
      'state', case
        when w.outcome is not null then 'failed'
        when w.kind = 'retry' and w.until <= clock_timestamp() then 'due'
        else 'waiting'
      end))
    from enginejs.workflow_waits w where w.run_id = run
  ), '[]');
end
$$;
revoke execute on function enginejs.workflow_resume(uuid, int) from public;
reset role;

-- sql/functions/workflow_park.sql

-- Parks a run whose every path waits, at the given steps. Returns
--   parked  it is no longer among the active runs; the next of its times wakes it
--   again   an outcome has come meanwhile, a time is over, or somebody cancelled it: the worker goes on
--   lost    the lease is
-- `deadline_ms`: from now, when the run as a whole has to be done.
set role enginejs_writer;
create or replace function enginejs.workflow_park(run uuid, held_lease int, steps text[], deadline_ms bigint) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  cancelled boolean;
  open int;
  next_time timestamptz;
begin
  select r.cancel is not null and r.failure is null into cancelled from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for update;
  if not found then
    return 'lost';
  end if;
  -- Whoever brings an outcome locks the wait's row first and the run's then: either is seen here, or sees the run parked.
  select count(*) filter (where w.outcome is null and (w.until is null or w.until > clock_timestamp())), min(w.until)
  into open, next_time
  from (
    select x.outcome, x.until from enginejs.workflow_waits x
    where x.run_id = run and x.step = any (steps) for update
  ) w;
  if cancelled or open < cardinality(steps) then
    return 'again';
  end if;
  with moved as (
    delete from enginejs.workflow_runs_active r where r.id = run returning r.*
  )
  insert into enginejs.workflow_runs_parked select m.* from moved m;
  update enginejs.workflow_runs_parked r
  set status = 'waiting', worker_id = null, job_id = null, since = clock_timestamp(),
    next_run_at = least(next_time, clock_timestamp() + deadline_ms * interval '1 ms')
  where r.id = run;
  return 'parked';
end
$$;
revoke execute on function enginejs.workflow_park(uuid, int, text[], bigint) from public;
reset role;

-- sql/functions/workflow_signal.sql

-- Tells every run that waits for this signal with this key, in the tenant that it is given in, and starts the workflows whose
-- trigger it is; returns how many waits and workflows took it. Where there are none it is kept, for the next run that waits for
-- it. `actor`, as events carry it, is who caused the workflows that it starts, by default the actor of this transaction.
-- The tenant is that of this transaction, else the actor's: keys such as an order's number are unique in one tenant only, and
-- what tenant B says must not reach tenant A, nor what A is told be taken by B. Without one (psql, a webhook, the clock) every
-- run is told; a run without a tenant is told by all.
-- For the platform: builders, workers, workflows that run as the system, and the step `signal`; an actor's own wish is an action
-- or a decision.
set role enginejs_writer;
create or replace function enginejs.workflow_signal(signal text, key text, payload jsonb default null, actor jsonb default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  runs uuid[];
  subscriber text;
  started int := 0;
  of_tenant constant uuid := coalesce(enginejs.tenant_id(), (actor ->> 'tenant')::uuid);
begin
  if signal is null or key is null then
    raise exception 'a signal has a name and a key' using errcode = 'null_value_not_allowed';
  end if;
  perform pg_advisory_xact_lock(7714004, hashtext(signal || '/' || key));
  with taken as (
    update enginejs.workflow_waits w
    set outcome = jsonb_build_object('output', jsonb_build_object('payload', payload, 'timedOut', false))
    where w.kind = 'signal' and w.name = signal and w.key = workflow_signal.key and w.outcome is null
      and (w.until is null or w.until > clock_timestamp())
      and (of_tenant is null or w.tenant is null or w.tenant = of_tenant)
    returning w.run_id
  )
  select array_agg(t.run_id) into runs from taken t;
  -- Workflows that it starts, each with the payload as its input.
  for subscriber in
    select t.workflow from enginejs.workflow_triggers t where t.kind = 'signal' and t.name = signal order by t.workflow
  loop
    perform enginejs.workflow_start(subscriber, payload, actor => workflow_signal.actor);
    started := started + 1;
  end loop;
  if runs is null and started > 0 then
    return started;
  end if;
  if runs is null then
    insert into enginejs.workflow_signals (name, key, tenant, payload)
    values (signal, workflow_signal.key, of_tenant, payload);
    return 0;
  end if;
  perform enginejs.workflow_unpark(runs);
  return cardinality(runs) + started;
end
$$;
revoke execute on function enginejs.workflow_signal(text, text, jsonb, jsonb) from public;
grant execute on function enginejs.workflow_signal(text, text, jsonb, jsonb) to enginejs_owner, enginejs_system;
reset role;

-- sql/functions/workflow_find_rule.sql

-- The function that says who may decide, by the name that the definition of a run gives it (src/dsl-to-sql/approval-function.ts):
-- that of the newest build, else one that was put away for older runs; null where there is none. The owner and the
-- type keep a name from meaning any other function.
set role enginejs_reader;
create or replace function enginejs.workflow_find_rule(rule text) returns regproc
language sql stable set search_path = ''
begin atomic
  select p.oid::regproc
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.proname = workflow_find_rule.rule and starts_with(workflow_find_rule.rule, 'may_decide_')
    and pg_get_userbyid(p.proowner) = 'enginejs_reader' and p.prorettype = 'boolean'::regtype
    and p.pronargs = 1 and p.proargtypes[0] = 'jsonb'::regtype
  order by n.nspname = 'enginejs', n.nspname
  limit 1;
end;
revoke execute on function enginejs.workflow_find_rule(text) from public;
grant execute on function enginejs.workflow_find_rule(text) to enginejs_writer;
reset role;

-- sql/functions/workflow_may_decide.sql

-- Whether the actor of this transaction meets an approval's condition, which is a function of the build's; what it reads
-- are the true rows. Null where there is none of that name. What is executed is the call of a function that the catalogue
-- names, never text that was stored. A condition that fails on a value (what came from outside and is not what the model says)
-- is unknown, and so no: else one run would keep its tenant from all that waits for a decision. Not for actors: only workflow_decide and workflow_approvals may call it.
set role enginejs_reader;
create or replace function enginejs.workflow_may_decide(rule text, scope jsonb) returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  asked regproc := enginejs.workflow_find_rule(rule);
  allowed boolean;
begin
  if asked is null then
    return null;
  end if;
  begin
    execute format('select %s($1)', asked) into allowed using scope;
  exception when data_exception then
    return false;
  end;
  return coalesce(allowed, false);
end
$$;
revoke execute on function enginejs.workflow_may_decide(text, jsonb) from public;
grant execute on function enginejs.workflow_may_decide(text, jsonb) to enginejs_writer;
reset role;

-- sql/functions/workflow_retire_rule.sql

-- Puts the function of an approval away that the model has no more: from the model's schema into the core's, where runs
-- of older definitions find it and no build wonders whose it is. Called by a build, as the function's owner; what nobody
-- needs any more goes with workflow_forget_rules.
set role enginejs_reader;
create or replace function enginejs.workflow_retire_rule(schema_name text, rule text, workflow text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if to_regprocedure(format('%I.%I(jsonb)', schema_name, rule)) is null then
    return;
  end if;
  -- Put away once before, and built again since.
  execute format('drop function if exists enginejs.%I(jsonb)', rule);
  execute format('alter function %I.%I(jsonb) set schema enginejs', schema_name, rule);
  insert into enginejs.workflow_retired_rules as r (rule, workflow)
  values (workflow_retire_rule.rule, workflow_retire_rule.workflow)
  on conflict on constraint workflow_retired_rules_pkey
    do update set workflow = excluded.workflow, retired_at = excluded.retired_at;
end
$$;
revoke execute on function enginejs.workflow_retire_rule(text, text, text) from public;
reset role;

-- sql/functions/workflow_needs_rule.sql

-- Whether a run may still ask a function that the newest build has no more: one that waits by it, is under way with an
-- older definition of the workflow, or has failed with one and may be tried again.
set role enginejs_writer;
create or replace function enginejs.workflow_needs_rule(rule text, workflow text) returns boolean
language sql stable security definer set search_path = ''
as $$
  with older as (
    select d.id from enginejs.workflow_definitions d
    where d.name = workflow_needs_rule.workflow and not exists (
      select from enginejs.workflow_subscriptions s
      where s.model = 'workflow:' || d.name and s.action = 'start' and s.definition_id = d.id)
  )
  select exists (select from enginejs.workflow_waits w where w.policy = workflow_needs_rule.rule)
    or exists (select from enginejs.workflow_runs_active r where r.definition_id in (select o.id from older o))
    or exists (select from enginejs.workflow_runs_parked r where r.definition_id in (select o.id from older o))
    or exists (
      select from enginejs.workflow_runs_finished r
      where r.status = 'failed' and r.definition_id in (select o.id from older o))
$$;
revoke execute on function enginejs.workflow_needs_rule(text, text) from public;
grant execute on function enginejs.workflow_needs_rule(text, text) to enginejs_reader;
reset role;

-- sql/functions/workflow_forget_rules.sql

-- Drops the functions of approvals that were put away longer ago than asked and that no run can ask any more. Returns
-- how many. A while is left because a relay that has not seen the build yet may start a run of the old definition.
set role enginejs_reader;
create or replace function enginejs.workflow_forget_rules(put_away interval) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  old record;
  forgotten int := 0;
begin
  for old in
    delete from enginejs.workflow_retired_rules r
    where r.retired_at < clock_timestamp() - put_away and not enginejs.workflow_needs_rule(r.rule, r.workflow)
    returning r.rule
  loop
    execute format('drop function if exists enginejs.%I(jsonb)', old.rule);
    forgotten := forgotten + 1;
  end loop;
  return forgotten;
end
$$;
revoke execute on function enginejs.workflow_forget_rules(interval) from public;
grant execute on function enginejs.workflow_forget_rules(interval) to enginejs_writer;
reset role;

-- sql/functions/workflow_decide.sql

-- A person's decision for a run that waits for it, in the name of the actor of this transaction. The approval's own
-- condition says who may. Raises EJ404 where nothing waits (or not in this tenant), EJ409 where somebody decided
-- before or the condition is gone, 42501 where it says no.
set role enginejs_writer;
create or replace function enginejs.workflow_decide(run uuid, step text, approve boolean, comment text default null)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  asked enginejs.workflow_waits;
  allowed boolean;
begin
  if approve is null then
    raise exception 'a decision is true or false' using errcode = 'null_value_not_allowed';
  end if;
  select w.* into asked from enginejs.workflow_waits w
  where w.run_id = run and w.step = workflow_decide.step and w.kind = 'approval'
  for update;
  -- Of a run that is to be cancelled nobody's word counts any more: it is not taken as if it did. While it is being undone
  -- (`failure`), what waits is its compensations'.
  if not found or exists (
    select from enginejs.workflow_runs_parked r where r.id = run and r.cancel is not null and r.failure is null
    union all
    select from enginejs.workflow_runs_active r where r.id = run and r.cancel is not null and r.failure is null
  ) or asked.tenant is distinct from enginejs.tenant_id() and asked.tenant is not null
    or asked.outcome is null and asked.until <= clock_timestamp() then
    raise exception 'nothing waits for a decision here' using errcode = 'EJ404';
  end if;
  allowed := enginejs.workflow_may_decide(asked.policy, asked.scope);
  if allowed is null then
    raise exception 'the rule of the approval "%" is not there any more', asked.step using errcode = 'EJ409',
      hint = 'Whoever operates may fork the run to the newest definition.';
  end if;
  if not allowed then
    raise exception 'the rule of the approval "%" says no', asked.step using errcode = 'insufficient_privilege';
  end if;
  if asked.outcome is not null then
    raise exception 'somebody has decided already' using errcode = 'EJ409';
  end if;
  update enginejs.workflow_waits w
  set outcome = jsonb_build_object('output', jsonb_build_object(
    'approved', approve, 'by', enginejs.actor_id(), 'comment', comment, 'timedOut', false))
  where w.run_id = run and w.step = workflow_decide.step;
  perform enginejs.workflow_unpark(array[run]);
  return approve;
end
$$;
revoke execute on function enginejs.workflow_decide(uuid, text, boolean, text) from public;
grant execute on function enginejs.workflow_decide(uuid, text, boolean, text) to enginejs_user, enginejs_system;
reset role;

-- sql/functions/workflow_approvals.sql

-- The decisions that the actor of this transaction may take now, the oldest first.
set role enginejs_writer;
create or replace function enginejs.workflow_approvals()
returns table (
  run uuid, step text, workflow text, question text, data jsonb, model text, record_id uuid,
  since timestamptz, until timestamptz
)
language sql stable security definer set search_path = ''
as $$
  select w.run_id, w.step, d.name, w.question, w.data, e.model, e.record_id, w.since, w.until
  from enginejs.workflow_waits w
  join (
    select id, definition_id, event_id, segment from enginejs.workflow_runs_parked where cancel is null or failure is not null
    union all
    select id, definition_id, event_id, segment from enginejs.workflow_runs_active where cancel is null or failure is not null
  ) r on r.id = w.run_id
  join enginejs.workflow_definitions d on d.id = r.definition_id
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where w.kind = 'approval' and w.outcome is null and (w.until is null or w.until > clock_timestamp())
    and (w.tenant is null or w.tenant = enginejs.tenant_id())
    and enginejs.workflow_may_decide(w.policy, w.scope)
  order by w.since, w.run_id, w.step
$$;
revoke execute on function enginejs.workflow_approvals() from public;
grant execute on function enginejs.workflow_approvals() to enginejs_user, enginejs_system;
reset role;

-- sql/functions/schema_problems.sql

-- What is wrong with a value by a JSON Schema (draft 2020-12), each as `lines[2].price: must be integer`; none: it fits. Local
-- references are followed. What cannot be said with certainty here is let pass, such as a pattern that PostgreSQL reads
-- otherwise than JavaScript: the worker looks again with the whole of the schema. A list or object is left at its hundredth:
-- nobody reads more, and each costs more than the one before it. `path` and `root` are for its own calls.
set role enginejs_writer;
create or replace function enginejs.schema_problems(schema jsonb, value jsonb, path text default '', root jsonb default null)
returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  at constant text := case path when '' then 'value' else path end;
  whole constant jsonb := coalesce(root, schema);
  given constant jsonb := coalesce(value, 'null');
  kind constant text := jsonb_typeof(given);
  problems text[] := '{}';
  wanted text[];
  found_schema jsonb;
  fitting int;
  entry record;
begin
  if schema = 'false' then
    return array[at || ': is not allowed'];
  elsif schema is null or jsonb_typeof(schema) <> 'object' then
    return problems;
  end if;

  if schema ? '$ref' and schema ->> '$ref' like '#%' then
    select whole #> coalesce(array_agg(replace(replace(part, '~1', '/'), '~0', '~') order by place), '{}') into found_schema
    from unnest(string_to_array(nullif(substr(schema ->> '$ref', 3), ''), '/')) with ordinality as t (part, place);
    problems := enginejs.schema_problems(found_schema, given, path, whole);
  end if;

  if schema ? 'type' then
    wanted := case jsonb_typeof(schema -> 'type') when 'array' then array(select jsonb_array_elements_text(schema -> 'type'))
      else array[schema ->> 'type'] end;
    if not (kind = any (wanted) or (kind = 'number' and 'integer' = any (wanted) and given::numeric = trunc(given::numeric))) then
      return problems || (at || ': must be ' || array_to_string(wanted, ' or '));
    end if;
  end if;
  if schema ? 'const' and given <> schema -> 'const' then
    problems := problems || (at || ': must be ' || (schema -> 'const')::text);
  end if;
  if jsonb_typeof(schema -> 'enum') = 'array' and not exists (select from jsonb_array_elements(schema -> 'enum') x where x = given) then
    problems := problems || (at || ': must be one of ' || (select string_agg(x::text, ', ') from jsonb_array_elements(schema -> 'enum') x));
  end if;

  case kind
    when 'object' then
      problems := problems || enginejs.schema_problems_of_object(schema, given, path, whole);
    when 'array' then
      problems := problems || enginejs.schema_problems_of_array(schema, given, path, whole);
    when 'string', 'number' then
      problems := problems || array(
        select at || ': ' || p from unnest(enginejs.schema_problems_of_scalar(schema, given)) p);
    else
      null;
  end case;

  for entry in select x from jsonb_array_elements(case jsonb_typeof(schema -> 'allOf') when 'array' then schema -> 'allOf' else '[]' end) x loop
    problems := problems || enginejs.schema_problems(entry.x, given, path, whole);
  end loop;
  foreach found_schema in array array[schema -> 'anyOf', schema -> 'oneOf'] loop
    continue when found_schema is null or jsonb_typeof(found_schema) <> 'array';
    select count(*) filter (where enginejs.schema_problems(x, given, path, whole) = '{}') into fitting
    from jsonb_array_elements(found_schema) x;
    if fitting = 0 then
      -- Of one form the reasons say more than that none fits: the form that the kind of value speaks for.
      select enginejs.schema_problems(x, given, path, whole) into wanted
      from jsonb_array_elements(found_schema) x
      where x ->> 'type' = kind and (select count(*) from jsonb_array_elements(found_schema) y where y ->> 'type' = kind) = 1;
      problems := problems || coalesce(wanted, array[at || ': fits none of the forms that are allowed']);
    elsif fitting > 1 and found_schema = schema -> 'oneOf' and not schema ? 'anyOf' then
      problems := problems || (at || ': fits more than one of the forms that are allowed');
    end if;
  end loop;
  if schema ? 'not' and enginejs.schema_problems(schema -> 'not', given, path, whole) = '{}' then
    problems := problems || (at || ': is what is not allowed');
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems(jsonb, jsonb, text, jsonb) from public;
reset role;

-- sql/functions/schema_problems_of_object.sql

-- What is wrong with the members of an object: see schema_problems.sql, which calls this one and is called by it.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_object(schema jsonb, given jsonb, path text, root jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  prefix constant text := case path when '' then '' else path || '.' end;
  at constant text := case path when '' then 'value' else path end;
  problems text[] := '{}';
  members int;
  entry record;
begin
  problems := problems || array(
    select prefix || r || ': is required'
    from jsonb_array_elements_text(case jsonb_typeof(schema -> 'required') when 'array' then schema -> 'required' else '[]' end) r
    where not given ? r);
  for entry in select m.key, m.value from jsonb_each(given) m order by m.key loop
    exit when cardinality(problems) >= 100;
    if schema -> 'properties' ? entry.key then
      problems := problems || enginejs.schema_problems(schema -> 'properties' -> entry.key, entry.value, prefix || entry.key, root);
    elsif schema ? 'additionalProperties' and not schema ? 'patternProperties' then
      problems := problems || enginejs.schema_problems(schema -> 'additionalProperties', entry.value, prefix || entry.key, root);
    end if;
    if schema ? 'propertyNames' and enginejs.schema_problems(schema -> 'propertyNames', to_jsonb(entry.key), '', root) <> '{}' then
      problems := problems || (prefix || entry.key || ': is no name that is allowed');
    end if;
  end loop;
  select count(*) into members from jsonb_object_keys(given);
  if members < (schema ->> 'minProperties')::numeric then
    problems := problems || (at || ': must have at least ' || (schema ->> 'minProperties') || ' members');
  end if;
  if members > (schema ->> 'maxProperties')::numeric then
    problems := problems || (at || ': must have at most ' || (schema ->> 'maxProperties') || ' members');
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_object(jsonb, jsonb, text, jsonb) from public;
reset role;

-- sql/functions/schema_problems_of_array.sql

-- What is wrong with the items of an array: see schema_problems.sql, which calls this one and is called by it.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_array(schema jsonb, given jsonb, path text, root jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  at constant text := case path when '' then 'value' else path end;
  first constant jsonb := case jsonb_typeof(schema -> 'prefixItems') when 'array' then schema -> 'prefixItems' else '[]' end;
  problems text[] := '{}';
  entry record;
begin
  if jsonb_array_length(given) < (schema ->> 'minItems')::numeric then
    problems := problems || (at || ': must have at least ' || (schema ->> 'minItems') || ' items');
  end if;
  if jsonb_array_length(given) > (schema ->> 'maxItems')::numeric then
    problems := problems || (at || ': must have at most ' || (schema ->> 'maxItems') || ' items');
  end if;
  if schema -> 'uniqueItems' = 'true' and (select count(*) <> count(distinct x) from jsonb_array_elements(given) x) then
    problems := problems || (at || ': must not have an item twice');
  end if;
  for entry in select i.value, (i.place - 1)::int as place from jsonb_array_elements(given) with ordinality as i (value, place) loop
    exit when cardinality(problems) >= 100;
    if entry.place < jsonb_array_length(first) then
      problems := problems || enginejs.schema_problems(first -> entry.place, entry.value, path || '[' || entry.place || ']', root);
    elsif schema ? 'items' then
      problems := problems || enginejs.schema_problems(schema -> 'items', entry.value, path || '[' || entry.place || ']', root);
    end if;
  end loop;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_array(jsonb, jsonb, text, jsonb) from public;
reset role;

-- sql/functions/schema_problems_of_scalar.sql

-- What is wrong with a text's length, form and format, or a number's range: see schema_problems.sql.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_scalar(schema jsonb, given jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  text_given constant text := given #>> '{}';
  pattern constant text := schema ->> 'pattern';
  problems text[] := '{}';
  number numeric;
  odd boolean;
begin
  if jsonb_typeof(given) = 'number' then
    number := given::numeric;
    return array(
      select c.problem from (values
        (number < (schema ->> 'minimum')::numeric, 'must be at least ' || (schema ->> 'minimum')),
        (number > (schema ->> 'maximum')::numeric, 'must be at most ' || (schema ->> 'maximum')),
        (number <= (schema ->> 'exclusiveMinimum')::numeric, 'must be greater than ' || (schema ->> 'exclusiveMinimum')),
        (number >= (schema ->> 'exclusiveMaximum')::numeric, 'must be less than ' || (schema ->> 'exclusiveMaximum')),
        (number % nullif((schema ->> 'multipleOf')::numeric, 0) <> 0, 'must be a multiple of ' || (schema ->> 'multipleOf'))
      ) as c (wrong, problem) where c.wrong);
  end if;
  if char_length(text_given) < (schema ->> 'minLength')::numeric then
    problems := problems || ('must have at least ' || (schema ->> 'minLength') || ' characters');
  end if;
  if char_length(text_given) > (schema ->> 'maxLength')::numeric then
    problems := problems || ('must have at most ' || (schema ->> 'maxLength') || ' characters');
  end if;
  odd := case schema ->> 'format'
      when 'uuid' then text_given !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      when 'date' then text_given !~ '^\d{4}-\d{2}-\d{2}$'
      when 'date-time' then text_given !~* '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$'
      when 'email' then text_given !~ '^[^@\s]+@[^@\s]+$'
      when 'uri' then text_given !~* '^[a-z][a-z0-9+.-]*:'
    end;
  if odd then
    problems := problems || ('is no ' || (schema ->> 'format'));
  end if;
  -- Only what both languages read alike: `\b`, `\p{…}`, `\u…`, named groups and `.` before a line's end are not.
  if not coalesce(odd, false) and pattern is not null and pattern !~ '\\[^dwsDWS.\-/\\()\[\]{}+*?^$|@:,_ntr]' and pattern !~ '\(\?(<|[a-z])' and pattern !~ '\[\^?\]'
    and pattern not like '***%' and text_given !~ '[\n\r]' then
    begin
      if text_given !~ pattern then
        -- zod writes a pattern beside each format: the format's name says more.
        problems := problems || coalesce('is no ' || (schema ->> 'format'), 'must match ' || left(pattern, 200));
      end if;
    exception when invalid_regular_expression or program_limit_exceeded then
      null;
    end;
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_scalar(jsonb, jsonb) from public;
reset role;

-- sql/functions/workflow_publish.sql

-- Writes a message: an event of the model `queue:<name>`, in the transaction of the caller. Each workflow that receives from the
-- queue has one run of it. Returns the message's id, which is its event's record_id. `actor` as events carry it, by default
-- the actor of this transaction. Raises EJ404 for a queue that the newest build does not have, EJ422 for a message that is not
-- what the queue's schema says, with each of its problems; detail: {"problems": […]}; and for one larger than 16 MB.
set role enginejs_writer;
create or replace function enginejs.workflow_publish(queue text, message jsonb, actor jsonb default null) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  model constant text := 'queue:' || queue;
  declared record;
  problems text[];
  event record;
  rang boolean;
begin
  select q.message as schema into declared from enginejs.workflow_queues q where q.name = workflow_publish.queue;
  if not found then
    raise exception 'there is no queue "%"', queue using errcode = 'EJ404';
  end if;
  if pg_column_size(message) > 16777216 then
    raise exception 'a message of the queue "%" is at most 16 MB', queue using errcode = 'EJ422',
      hint = 'Keep what is large where large things belong, and publish its name or key.';
  end if;
  if declared.schema is not null then
    problems := enginejs.schema_problems(declared.schema, message);
    if problems <> '{}' then
      raise exception 'a message of the queue "%" is not like this: %', queue, array_to_string(problems, '; ')
        using errcode = 'EJ422', detail = jsonb_build_object('problems', problems)::text;
    end if;
  end if;
  insert into enginejs.workflow_events_current as e (model, action, record_id, input, actor, origin)
  values (model, 'message', enginejs.uuid_v7(), coalesce(message, 'null'), coalesce(actor, enginejs.emit_actor()), enginejs.emit_origin())
  returning e.id, e.segment, e.record_id into event;
  -- Also where nobody receives from it yet: the relay keeps it then, see workflow_keep_messages.
  insert into enginejs.workflow_events_pending (event_id, segment, model, action) values (event.id, event.segment, model, 'message');
  rang := enginejs.ring();
  return event.record_id;
end
$$;
revoke execute on function enginejs.workflow_publish(text, jsonb, jsonb) from public;
reset role;

-- sql/functions/publish.sql

-- Publishes a message to a queue, in this transaction, as its actor: a person, a service account or a key with one of the roles that
-- the queue's `publish` names, in his tenant, now; the system; and whoever builds. Returns the message's id. Raises EJ404 for a
-- queue that there is not, 42501 for an actor with none of its roles, EJ422 for a message that is not what the queue's schema says.
set role enginejs_writer;
create or replace function enginejs.publish(queue text, message jsonb) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- Stays what begin_request set also inside definers' functions.
  acting constant text := current_setting('role');
  allowed text[];
begin
  if acting in ('enginejs_user', 'enginejs_anonymous', 'enginejs_action') then
    select q.publishers into allowed from enginejs.workflow_queues q where q.name = publish.queue;
    if not found then
      raise exception 'there is no queue "%"', queue using errcode = 'EJ404';
    end if;
    if not coalesce(allowed && enginejs.actor_roles(), false) then
      raise exception 'this actor may not publish to the queue "%"', queue using errcode = 'insufficient_privilege';
    end if;
  end if;
  return enginejs.workflow_publish(queue, message);
end
$$;
revoke execute on function enginejs.publish(text, jsonb) from public;
grant execute on function enginejs.publish(text, jsonb) to enginejs_owner, enginejs_user, enginejs_system;
reset role;

-- sql/functions/workflow_keep_messages.sql

-- Keeps messages that the relay took and no workflow receives, in the transaction that took them; the first build with one gives
-- them back (functions/workflow_register.sql). Neither may miss the other: a build holds the lock 7714020 from where it gives
-- back to its end, and whoever keeps holds it shared. While a build has it the messages are pending again, for a second.
set role enginejs_writer;
create or replace function enginejs.workflow_keep_messages(events bigint[], segments int[]) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  nobody_builds constant boolean := pg_try_advisory_xact_lock_shared(7714020, 0);
begin
  -- A new snapshot: what a build has committed before the lock was free is seen.
  with message as (
    select e.id, e.segment, e.model, e.action, exists (
      select from enginejs.workflow_subscriptions s where s.model = e.model and s.action = e.action) as received
    from unnest(events, segments) as u (event, segment)
    join enginejs.workflow_events e on e.id = u.event and e.segment = u.segment
  ),
  kept as (
    insert into enginejs.workflow_messages_kept (event_id, segment, queue)
    select m.id, m.segment, substr(m.model, 7) from message m where nobody_builds and not m.received
    on conflict do nothing
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action, next_run_at)
  select m.id, m.segment, m.model, m.action, case when not m.received then clock_timestamp() + interval '1 s' end
  from message m where m.received or not nobody_builds;
end
$$;
revoke execute on function enginejs.workflow_keep_messages(bigint[], int[]) from public;
reset role;

-- sql/functions/workflow_start.sql

-- Starts a workflow that no row's change starts: writes its event, and the relay makes the run, exactly once. Returns the
-- id that the run will have. `input` is what it is given; `actor` as events carry it ({"kind", "id", "tenant"}), by
-- default the actor of this transaction; `origin` the same, by default this transaction's request or run.
-- Raises EJ404 for a workflow that the newest build does not have, EJ422 for an input larger than 16 MB.
set role enginejs_writer;
create or replace function enginejs.workflow_start(
  workflow text, input jsonb default null, record_id uuid default null, actor jsonb default null, origin jsonb default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  event record;
  rang boolean;
begin
  perform from enginejs.workflow_subscriptions s where s.model = 'workflow:' || workflow_start.workflow;
  if not found then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  if pg_column_size(input) > 16777216 then
    raise exception 'the input of the workflow "%" is larger than 16 MB', workflow using errcode = 'EJ422',
      hint = 'Keep what is large where large things belong, and give its name or key.';
  end if;
  insert into enginejs.workflow_events_current as e (model, action, record_id, input, actor, origin)
  values ('workflow:' || workflow, 'start', coalesce(record_id, enginejs.uuid_v7()), input,
    coalesce(actor, enginejs.emit_actor()), coalesce(origin, enginejs.emit_origin()))
  returning e.id, e.segment into event;
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  values (event.id, event.segment, 'workflow:' || workflow, 'start');
  rang := enginejs.ring();
  return enginejs.workflow_run_id(event.id, workflow);
end
$$;
revoke execute on function enginejs.workflow_start(text, jsonb, uuid, jsonb, jsonb) from public;
grant execute on function enginejs.workflow_start(text, jsonb, uuid, jsonb, jsonb) to enginejs_owner, enginejs_system;
reset role;

-- sql/functions/workflow_start_child.sql

-- Starts another workflow from a step of a run, in the transaction of the caller, which holds the lease. Waiting, the step
-- has a wait for the child from then on; detached, the child's id is the step's checkpoint. Returns the child's id.
set role enginejs_writer;
create or replace function enginejs.workflow_start_child(
  run uuid, held_lease int, parent_step text, workflow text, input jsonb, actor jsonb, depth int, waited boolean,
  timeout_ms bigint
) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  child uuid;
  child_segment int;
begin
  child := enginejs.workflow_start(workflow, input, null, actor,
    jsonb_strip_nulls(jsonb_build_object('runId', run, 'depth', depth, 'parentStep', case when waited then parent_step end,
      'traceparent', nullif(current_setting('enginejs.traceparent', true), ''))));
  if waited then
    select p.segment into child_segment from enginejs.workflow_events_pending p
    where p.event_id = ('x' || substr(replace(child::text, '-', ''), 1, 16))::bit(64)::bigint;
    perform enginejs.workflow_wait(run, held_lease, parent_step, 'child', timeout_ms, null,
      jsonb_build_object('name', workflow, 'child', child, 'child_segment', child_segment));
  else
    perform enginejs.workflow_checkpoint(array[run], array[held_lease], array[parent_step],
      array[jsonb_build_object('runId', child)]);
  end if;
  return child;
end
$$;
revoke execute on function enginejs.workflow_start_child(uuid, int, text, text, jsonb, jsonb, int, boolean, bigint) from public;
reset role;

-- sql/functions/workflow_cron_field.sql

-- The values that one field of a cron expression lets pass: `*`, `5`, `1-5`, `*/15`, `0-30/10`, lists of these; names
-- (`MON`, `JAN`) by their place in `names`, from `lowest` on. The model has checked the text (src/model/cron.ts).
set role enginejs_writer;
create or replace function enginejs.workflow_cron_field(field text, lowest int, highest int, names text[] default '{}')
returns int[]
language sql immutable
return (
  with part as (
    select split_part(p.part, '/', 1) as range, nullif(split_part(p.part, '/', 2), '')::int as step
    from unnest(string_to_array(field, ',')) as p (part)
  ),
  bound as (
    select p.step,
      case when p.range = '*' then lowest::text else split_part(p.range, '-', 1) end as low,
      case
        when p.range = '*' then highest::text
        when p.range like '%-%' then split_part(p.range, '-', 2)
        -- `5/15`: from 5 to the end.
        when p.step is not null then highest::text
        else p.range
      end as high
    from part p
  )
  select array_agg(distinct v.value order by v.value)
  from bound b
  cross join lateral generate_series(
    coalesce(array_position(names, upper(b.low)) - 1 + lowest, b.low::int),
    coalesce(array_position(names, upper(b.high)) - 1 + lowest, b.high::int),
    coalesce(b.step, 1)) as v (value)
);
revoke execute on function enginejs.workflow_cron_field(text, int, int, text[]) from public;
reset role;

-- sql/functions/workflow_cron_ticks.sql

-- The ticks of a cron schedule after one point of time, up to and including another, by the time zone's rules as this
-- server knows them. Where clocks are changed:
--
--   an hour is skipped   a time in it is kept as many minutes after midnight as it was meant to be: 02:30 runs at 03:30,
--                        which is when 02:30 would have been
--   an hour comes twice  a time in it runs once, the first time
--   the hour is `*`      it follows the elapsed time: none in the hour that there is not, all in each of the two
set role enginejs_writer;
create or replace function enginejs.workflow_cron_ticks(
  schedule enginejs.workflow_schedules, after timestamptz, until timestamptz
) returns setof timestamptz
language sql stable rows 100
begin atomic
  with wall as (
    select d.day + make_interval(hours => h.hour, mins => m.minute) as wall
    from generate_series(
      date_trunc('day', (after at time zone schedule.zone) - interval '3 hours'),
      (until at time zone schedule.zone) + interval '3 hours', interval '1 day') as d (day)
    cross join unnest(schedule.hours) as h (hour)
    cross join unnest(schedule.minutes) as m (minute)
    where extract(month from d.day)::int = any (schedule.months)
      and case when schedule.either_day
        then extract(day from d.day)::int = any (schedule.days) or extract(dow from d.day)::int = any (schedule.weekdays)
        else extract(day from d.day)::int = any (schedule.days) and extract(dow from d.day)::int = any (schedule.weekdays)
      end
      and d.day + make_interval(hours => h.hour, mins => m.minute)
        between (after at time zone schedule.zone) - interval '3 hours'
        and (until at time zone schedule.zone) + interval '3 hours'
  ),
  -- The zone's distance from UTC some hours before and after.
  around as (
    select w.wall,
      ((g.guess - interval '4 hours') at time zone schedule.zone) - ((g.guess - interval '4 hours') at time zone 'UTC') as before,
      ((g.guess + interval '4 hours') at time zone schedule.zone) - ((g.guess + interval '4 hours') at time zone 'UTC') as later
    from wall w cross join lateral (select w.wall at time zone schedule.zone as guess) g
  ),
  candidate as (
    select a.wall, (a.wall - a.before) at time zone 'UTC' as first, (a.wall - a.later) at time zone 'UTC' as second
    from around a
  ),
  judged as (
    select c.first, c.second, (c.first at time zone schedule.zone) = c.wall as first_is,
      (c.second at time zone schedule.zone) = c.wall as second_is
    from candidate c
  ),
  tick as (
    -- The second alone, where the zone moved between.
    select case when j.first_is or not j.second_is then j.first else j.second end as at
    from judged j where j.first_is or j.second_is or not schedule.every_hour
    union
    select j.second from judged j where j.second_is and schedule.every_hour
  )
  select t.at from tick t where t.at > after and t.at <= until order by t.at;
end;
revoke execute on function enginejs.workflow_cron_ticks(enginejs.workflow_schedules, timestamptz, timestamptz) from public;
reset role;

-- sql/functions/workflow_next_tick.sql

-- The first tick of a schedule after a point of time; null where there is none within eight years, such as a 30th of
-- February.
set role enginejs_writer;
create or replace function enginejs.workflow_next_tick(schedule enginejs.workflow_schedules, after timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  every constant numeric := extract(epoch from schedule.every);
  window_length interval;
  tick timestamptz;
begin
  if schedule.kind = 'interval' then
    return to_timestamp((floor(extract(epoch from after) / every) + 1) * every);
  end if;
  foreach window_length in array array['2 hours', '2 days', '40 days', '400 days', '2930 days']::interval[] loop
    select t into tick from enginejs.workflow_cron_ticks(schedule, after, after + window_length) t limit 1;
    exit when tick is not null;
  end loop;
  return tick;
end
$$;
revoke execute on function enginejs.workflow_next_tick(enginejs.workflow_schedules, timestamptz) from public;
reset role;

-- sql/functions/workflow_due_ticks.sql

-- The ticks of a schedule that are to be emitted: of those from its next_at to `now`, each of the last minute, and as
-- many of the others, the newest, as it catches up with. However long nobody was there, some thousand are looked at.
set role enginejs_writer;
create or replace function enginejs.workflow_due_ticks(schedule enginejs.workflow_schedules, now timestamptz)
returns setof timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  every constant numeric := extract(epoch from schedule.every);
  last numeric;
  back interval;
  since timestamptz;
  ticks timestamptz[];
begin
  if schedule.kind = 'interval' then
    last := floor(extract(epoch from now) / every);
    select array_agg(to_timestamp(n * every) order by n) into ticks
    from generate_series(
      greatest(ceil(extract(epoch from schedule.next_at) / every), last - greatest(schedule.catch_up, ceil(60 / every))),
      last) as n;
  else
    foreach back in array array['2 hours', '2 days', '40 days', '400 days', '10000 days']::interval[] loop
      since := greatest(now - back, schedule.next_at - interval '1 microsecond');
      ticks := array(select t from enginejs.workflow_cron_ticks(schedule, since, now) t);
      exit when cardinality(ticks) > schedule.catch_up or since < schedule.next_at;
    end loop;
  end if;
  return query
    select t.tick from unnest(ticks) with ordinality as t (tick, place)
    where t.tick > now - interval '1 minute' or t.place > cardinality(ticks) - schedule.catch_up
    order by t.tick;
end
$$;
revoke execute on function enginejs.workflow_due_ticks(enginejs.workflow_schedules, timestamptz) from public;
reset role;

-- sql/functions/workflow_schedule.sql

-- Emits what is due: one event per workflow and tick, however many call it at the same time, in one transaction with the
-- next time. Whoever dies in between has done nothing, and somebody else does it. Each tick is one row of
-- enginejs.workflow_ticks, which its key allows once.
--
-- The ticks of a workflow that is paused are passed over. A schedule that cannot be emitted keeps no other from it: its error is kept, and it is tried again.
-- Returns how many were emitted, and the seconds until there is something to do again; null where never.
--
-- `now` is this database's clock; it is an argument so that tests can say what time it is.
set role enginejs_writer;
create or replace function enginejs.workflow_schedule(
  now timestamptz default clock_timestamp(), out emitted int, out next_in double precision
)
language plpgsql volatile set search_path = ''
as $$
declare
  schedule enginejs.workflow_schedules;
  tick timestamptz;
  before int;
begin
  emitted := 0;
  for schedule in
    select s.* from enginejs.workflow_schedules s
    where s.kind <> 'datetime' and s.next_at <= now
    order by s.next_at
    for update skip locked
  loop
    before := emitted;
    begin
      if not exists (select from enginejs.workflow_pauses p where p.workflow = schedule.workflow) then
        for tick in select t from enginejs.workflow_due_ticks(schedule, now) t loop
          insert into enginejs.workflow_ticks (workflow, tick_at) values (schedule.workflow, tick) on conflict do nothing;
          continue when not found;
          update enginejs.workflow_ticks t
          set run_id = enginejs.workflow_start(schedule.workflow, jsonb_build_object('scheduledFor', tick), null, null,
            jsonb_build_object('scheduledFor', tick))
          where t.workflow = schedule.workflow and t.tick_at = tick;
          emitted := emitted + 1;
        end loop;
      end if;
      update enginejs.workflow_schedules s
      set next_at = enginejs.workflow_next_tick(schedule, now), error = null
      where s.workflow = schedule.workflow;
    exception when others then
      emitted := before;
      update enginejs.workflow_schedules s set error = sqlerrm where s.workflow = schedule.workflow;
    end;
  end loop;
  select extract(epoch from least(
    (select min(s.next_at) from enginejs.workflow_schedules s where s.kind <> 'datetime' and s.error is null),
    -- Of a paused workflow nothing is due; one that was given up has no time any more, and infinity no distance.
    (select min(m.due_at) from enginejs.workflow_schedules s
     cross join lateral (
       select m.due_at from enginejs.workflow_moments m where m.workflow = s.workflow order by m.due_at limit 1
     ) m
     where s.kind = 'datetime' and isfinite(m.due_at)
       and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow))) - now)
  into next_in;
end
$$;
revoke execute on function enginejs.workflow_schedule(timestamptz) from public;
reset role;

-- sql/functions/workflow_keep_moments.sql

-- Keeps the moments at which workflows are started for rows of an entity, in the writer's own transaction, whoever writes. For
--
--   create trigger "91_moments_update" after update on app.invoice
--     referencing old table as old_rows new table as new_rows
--     for each statement execute function enginejs.workflow_keep_moments('Invoice', 'tenant_id', 'id');
--
-- and the same for insert and delete. Arguments as those of emit_create. Only tables of entities that a datetime trigger
-- names have these triggers.
--
-- A moment that lies ahead is kept, one per row and workflow: a row that is moved before it fires has the new one only, a row
-- that is moved after it fired to a later time has a moment again. A moment that was over when the writer's transaction began
-- does not fire; one that comes due while that is open does, as soon as it is committed: by the writer's own now() it lay ahead.
-- A row whose column is as it was is left alone.
--
-- A date is its midnight in UTC, whatever zone the writer's session is in. Transition tables have no index: no nested loops.
set role enginejs_writer;
create or replace function enginejs.workflow_keep_moments() returns trigger
language plpgsql volatile security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set enable_nestloop = off
as $$
declare
  entity constant text := tg_argv[0];
  of_tenant constant boolean := tg_nargs = 3;
begin
  if tg_op = 'DELETE' then
    delete from enginejs.workflow_moments m
    using old_rows o
    where m.record_id = o.id and (not of_tenant or m.tenant_id = (to_jsonb(o.*) ->> 'tenant_id')::uuid)
      and m.workflow in (select s.workflow from enginejs.workflow_schedules s where s.model = entity);
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into enginejs.workflow_moments (workflow, tenant_id, record_id, moment, due_at)
    select s.workflow, case when of_tenant then (r.new ->> 'tenant_id')::uuid end, r.id, t.moment, t.moment
    from (select n.id, to_jsonb(n.*) as new from new_rows n offset 0) r
    cross join enginejs.workflow_schedules s
    cross join lateral (select (r.new ->> s.column_name)::timestamptz + s.shift as moment) t
    where s.model = entity and t.moment >= transaction_timestamp() and isfinite(t.moment)
    on conflict on constraint workflow_moments_key do update set moment = excluded.moment, due_at = excluded.due_at;
    return null;
  end if;
  with changed as materialized (
    select s.workflow, case when of_tenant then (r.new ->> 'tenant_id')::uuid end as tenant_id, r.id, t.moment,
      t.moment >= transaction_timestamp() and isfinite(t.moment) as ahead
    from (
      select n.id, to_jsonb(o.*) as old, to_jsonb(n.*) as new from old_rows o join new_rows n on n.id = o.id offset 0
    ) r
    cross join enginejs.workflow_schedules s
    cross join lateral (select (r.new ->> s.column_name)::timestamptz + s.shift as moment) t
    where s.model = entity and r.new ->> s.column_name is distinct from r.old ->> s.column_name
      -- Ids of different tenants may be equal.
      and (not of_tenant or r.old -> 'tenant_id' = r.new -> 'tenant_id')
  ),
  gone as (
    delete from enginejs.workflow_moments m using changed c
    where c.ahead is not true and m.record_id = c.id and m.workflow = c.workflow
      and m.tenant_id is not distinct from c.tenant_id
  )
  insert into enginejs.workflow_moments as m (workflow, tenant_id, record_id, moment, due_at)
  select c.workflow, c.tenant_id, c.id, c.moment, c.moment from changed c where c.ahead
  on conflict on constraint workflow_moments_key
    do update set moment = excluded.moment, due_at = excluded.due_at, attempts = 0, error = null;
  return null;
end
$$;
revoke execute on function enginejs.workflow_keep_moments() from public;
grant execute on function enginejs.workflow_keep_moments() to enginejs_owner;
reset role;

-- sql/functions/workflow_fill_moments.sql

-- The moments of a workflow that a build brings, of the rows that are there already: what lies ahead counts, what was due
-- before does not. Called by workflow_schedule_register; owned by enginejs_owner, whose own policy shows it all rows.
-- The lock waits for writers who do not know of the schedule yet, and keeps out others until the build is there.
set role enginejs_writer;
grant select, insert, delete on enginejs.workflow_moments to enginejs_owner;
grant select on enginejs.workflow_schedules to enginejs_owner;
reset role;

set role enginejs_owner;
create or replace function enginejs.workflow_fill_moments(workflow text, schema text, entity_table text, of_tenant boolean)
returns void
language plpgsql volatile security definer set search_path = '' set timezone = 'UTC'
as $$
declare
  schedule record;
begin
  select s.column_name, s.shift into strict schedule
  from enginejs.workflow_schedules s where s.workflow = workflow_fill_moments.workflow;
  execute format('lock table %I.%I in share row exclusive mode', schema, entity_table);
  delete from enginejs.workflow_moments m where m.workflow = workflow_fill_moments.workflow;
  execute format(
    'insert into enginejs.workflow_moments (workflow, tenant_id, record_id, moment, due_at)
     select $1, %s, r.id, t.moment, t.moment
     from %I.%I r cross join lateral (select r.%I::timestamptz + $2 as moment) t
     where t.moment > clock_timestamp() and isfinite(t.moment)',
    case when of_tenant then 'r.tenant_id' else 'null::uuid' end, schema, entity_table, schedule.column_name)
  using workflow, schedule.shift;
end
$$;
revoke execute on function enginejs.workflow_fill_moments(text, text, text, boolean) from public;
grant execute on function enginejs.workflow_fill_moments(text, text, text, boolean) to enginejs_writer;
reset role;

-- sql/functions/workflow_take_moments.sql

-- Takes the moments that have come, the earliest first, of each workflow at most so many, in the caller's transaction: whoever else
-- asks meanwhile gets others, and if the caller dies they were never taken. The caller looks whether the rows still say so, and
-- starts the workflows. Those of a paused workflow stay where they are.
-- `now` is this database's clock; an argument so that tests can say what time it is.
set role enginejs_writer;
create or replace function enginejs.workflow_take_moments(most int, now timestamptz default clock_timestamp())
returns table (workflow text, definition_id int, tenant_id uuid, record_id uuid, moment timestamptz, attempts int)
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  with due as materialized (
    select m.place from enginejs.workflow_schedules s
    cross join lateral (
      select m.ctid as place from enginejs.workflow_moments m
      where m.workflow = s.workflow and m.due_at <= now
      order by m.due_at
      limit most
      for update skip locked
    ) m
    where s.kind = 'datetime' and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow)
  ),
  taken as (
    delete from enginejs.workflow_moments m where m.ctid = any (array(select d.place from due d))
    returning m.workflow, m.tenant_id, m.record_id, m.moment, m.attempts
  )
  -- One of a workflow that the newest build does not have is forgotten.
  select t.workflow, s.definition_id, t.tenant_id, t.record_id, t.moment, t.attempts
  from taken t join enginejs.workflow_subscriptions s on s.model = 'workflow:' || t.workflow
  order by t.moment;
end
$$;
revoke execute on function enginejs.workflow_take_moments(int, timestamptz) from public;
reset role;

-- sql/functions/workflow_defer_moment.sql

-- Puts a moment back whose condition could not be evaluated: tried again after a growing pause, and after the eighth time
-- no more, until the row or the workflow changes. The error says why.
set role enginejs_writer;
create or replace function enginejs.workflow_defer_moment(
  workflow text, tenant_id uuid, record_id uuid, moment timestamptz, failed_attempts int, reason text
) returns void
language sql volatile
begin atomic
  insert into enginejs.workflow_moments as m (workflow, tenant_id, record_id, moment, due_at, attempts, error)
  values (workflow_defer_moment.workflow, workflow_defer_moment.tenant_id, workflow_defer_moment.record_id,
    workflow_defer_moment.moment,
    case when failed_attempts >= 8 then 'infinity'
      else clock_timestamp() + least(power(2, failed_attempts), 300) * interval '1 s' end,
    failed_attempts, reason)
  on conflict on constraint workflow_moments_key do nothing;
end;
revoke execute on function enginejs.workflow_defer_moment(text, uuid, uuid, timestamptz, int, text) from public;
reset role;

-- sql/functions/workflow_start_moments.sql

-- Writes the events of moments that have come, in the transaction that took them; the arrays belong together by position.
-- As workflow_start writes them, and with the row as it is now: `event.after`.
set role enginejs_writer;
create or replace function enginejs.workflow_start_moments(
  workflows text[], tenants uuid[], records uuid[], moments timestamptz[], record_rows jsonb[]
) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  started int;
  rang boolean;
begin
  with event as (
    insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated, small_values)
    select 'workflow:' || m.workflow, 'start', m.record,
      case when pg_column_size(m.after) > 65536
        then jsonb_strip_nulls(jsonb_build_object('tenant_id', m.tenant, 'id', m.record)) else m.after end,
      jsonb_build_object('kind', 'system', 'id', null, 'tenant', m.tenant),
      jsonb_build_object('scheduledFor', m.moment), pg_column_size(m.after) > 65536,
      case when pg_column_size(m.after) > 65536 then jsonb_build_object('after', enginejs.emit_small(m.after)) end
    from unnest(workflows, tenants, records, moments, record_rows) as m (workflow, tenant, record, moment, after)
    returning id, segment, model
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, e.model, 'start' from event e;
  get diagnostics started = row_count;
  if started > 0 then
    rang := enginejs.ring();
  end if;
  return started;
end
$$;
revoke execute on function enginejs.workflow_start_moments(text[], uuid[], uuid[], timestamptz[], jsonb[]) from public;
reset role;

-- sql/functions/workflow_schedule_register.sql

-- Takes over the schedules, signals and webhooks of a build, in its transaction. One that is as it was keeps its next time; a new or changed one
-- counts from now on; one that the build no longer has is gone.
set role enginejs_writer;
create or replace function enginejs.workflow_schedule_register() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted record;
  field text[];
  entity jsonb;
begin
  -- A scheduler that is just emitting has ended before.
  lock table enginejs.workflow_schedules in share row exclusive mode;
  delete from enginejs.workflow_schedules s
  where not exists (
    select from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition ->> 'name' = s.workflow and w.definition -> 'trigger' = s.trigger
  );
  delete from enginejs.workflow_triggers;
  insert into enginejs.workflow_triggers (kind, name, workflow)
  select w.definition -> 'trigger' ->> 'kind',
    coalesce(w.definition -> 'trigger' ->> 'signal', w.definition -> 'trigger' ->> 'path'), w.definition ->> 'name'
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  where w.definition -> 'trigger' ->> 'kind' in ('signal', 'webhook');

  for wanted in
    select w.definition ->> 'name' as workflow, w.definition -> 'trigger' as trigger
    from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition -> 'trigger' ->> 'kind' in ('interval', 'cron')
      and not exists (select from enginejs.workflow_schedules s where s.workflow = w.definition ->> 'name')
  loop
    field := regexp_split_to_array(btrim(wanted.trigger ->> 'expression'), '\s+');
    insert into enginejs.workflow_schedules
      (workflow, kind, trigger, every, minutes, hours, days, months, weekdays, either_day, every_hour, zone, catch_up)
    values (
      wanted.workflow, wanted.trigger ->> 'kind', wanted.trigger,
      (wanted.trigger ->> 'everyMs')::bigint * interval '1 ms',
      enginejs.workflow_cron_field(field[1], 0, 59), enginejs.workflow_cron_field(field[2], 0, 23),
      enginejs.workflow_cron_field(field[3], 1, 31),
      enginejs.workflow_cron_field(field[4], 1, 12, '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'),
      -- Sunday is 0 and 7.
      array(
        select distinct d % 7 from unnest(
          enginejs.workflow_cron_field(field[5], 0, case when field[5] like '*%' then 6 else 7 end,
            '{SUN,MON,TUE,WED,THU,FRI,SAT}')) d),
      field[3] not like '*%' and field[5] not like '*%', field[2] like '*%',
      wanted.trigger ->> 'zone',
      case wanted.trigger ->> 'catchUp' when 'none' then 0 when 'one' then 1
        else (wanted.trigger -> 'catchUp' ->> 'most')::int end
    );
    begin
      update enginejs.workflow_schedules s set next_at = enginejs.workflow_next_tick(s, clock_timestamp())
      where s.workflow = wanted.workflow;
    exception when invalid_parameter_value then
      raise exception 'workflow %: this server knows no time zone "%"', wanted.workflow, wanted.trigger ->> 'zone'
        using errcode = 'invalid_parameter_value';
    end;
  end loop;
  for wanted in
    select w.definition ->> 'name' as workflow, w.definition -> 'trigger' as trigger
    from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition -> 'trigger' ->> 'kind' = 'datetime'
      and not exists (select from enginejs.workflow_schedules s where s.workflow = w.definition ->> 'name')
  loop
    select e.entity into strict entity
    from jsonb_array_elements(new.ir -> 'entities') as e (entity)
    where e.entity ->> 'name' = wanted.trigger ->> 'entity';
    insert into enginejs.workflow_schedules (workflow, kind, trigger, model, column_name, shift)
    select wanted.workflow, 'datetime', wanted.trigger, wanted.trigger ->> 'entity', f.field -> 'storage' ->> 'column',
      (wanted.trigger ->> 'offsetMs')::bigint * interval '1 ms'
    from jsonb_array_elements(entity -> 'fields') as f (field)
    where f.field ->> 'name' = wanted.trigger ->> 'field';
    perform enginejs.workflow_fill_moments(wanted.workflow, new.ir ->> 'schema', entity ->> 'table',
      entity -> 'primaryKey' -> 'columns' ? 'tenant_id');
  end loop;
  delete from enginejs.workflow_moments m
  where not exists (select from enginejs.workflow_schedules s where s.workflow = m.workflow and s.kind = 'datetime');
  return null;
end
$$;
revoke execute on function enginejs.workflow_schedule_register() from public;
grant execute on function enginejs.workflow_schedule_register() to enginejs_owner;
reset role;

set role enginejs_owner;
-- After workflow_register, by its name.
create or replace trigger workflow_schedule_register after insert on enginejs.build
  for each row execute function enginejs.workflow_schedule_register();
reset role;

-- sql/functions/receive_webhook.sql

-- Takes in a request of a webhook whose signature the server has checked: starts the workflows of that name, each with the body as
-- its input, once for each id that the sender gave. Returns how many it started: 0 for an id that was there before, null where it was
-- signed longer ago (or ahead) than is tolerated, by this database's clock. For the
-- server's login alone. Raises EJ404 where the newest build has no such webhook.
set role enginejs_writer;
create or replace function enginejs.receive_webhook(
  webhook text, delivery text, body jsonb, signed_at timestamptz default null, tolerance interval default null
) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted text;
  started int := 0;
begin
  if signed_at not between clock_timestamp() - tolerance and clock_timestamp() + tolerance then
    return null;
  end if;
  insert into enginejs.workflow_deliveries (webhook, delivery) values (receive_webhook.webhook, receive_webhook.delivery)
  on conflict do nothing;
  if not found then
    return 0;
  end if;
  for wanted in
    select t.workflow from enginejs.workflow_triggers t
    where t.kind = 'webhook' and t.name = receive_webhook.webhook order by t.workflow
  loop
    perform enginejs.workflow_start(wanted, body, null, null,
      jsonb_build_object('requestId', webhook || ':' || delivery, 'depth', 0));
    started := started + 1;
  end loop;
  if started = 0 then
    raise exception 'there is no webhook "%"', webhook using errcode = 'EJ404';
  end if;
  return started;
end
$$;
revoke execute on function enginejs.receive_webhook(text, text, jsonb, timestamptz, interval) from public;
grant execute on function enginejs.receive_webhook(text, text, jsonb, timestamptz, interval) to enginejs_owner;
reset role;

-- sql/functions/is_platform.sql

-- Whether the platform itself acts, and nobody over the API: enginejs_system, whoever builds, or the worker's login.
--
-- `role` stays what begin_request set also inside definers' functions; without it, it is the login that counts.
set role enginejs_writer;
create or replace function enginejs.is_platform() returns boolean
language sql stable
return case current_setting('role')
  when 'enginejs_system' then true
  when 'enginejs_user' then false
  when 'enginejs_anonymous' then false
  when 'enginejs_action' then false
  when 'none' then pg_has_role(session_user, 'enginejs_owner', 'usage') or pg_has_role(session_user, 'enginejs_writer', 'usage')
  else pg_has_role(current_setting('role')::name, 'enginejs_owner', 'usage')
    or pg_has_role(current_setting('role')::name, 'enginejs_writer', 'usage')
end;
revoke execute on function enginejs.is_platform() from public;
reset role;

-- sql/functions/workflow_may_start.sql

-- Whether the `allow` of a workflow's trigger lets the actor of the settings start it with this input. This is the core's
-- stand-in for a system in which none says any; a build replaces the body (`create or replace`, same signature). A definer's
-- function, so that nothing of a model has to be readable for those who ask.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.workflow_may_start(text, jsonb)') is null then
    create function enginejs.workflow_may_start(workflow text, input jsonb) returns boolean
    language sql stable security definer set search_path = ''
    as 'select false';
  end if;
end
$$;
revoke execute on function enginejs.workflow_may_start(text, jsonb) from public;
grant execute on function enginejs.workflow_may_start(text, jsonb) to enginejs_writer;
reset role;

-- sql/functions/require_call.sql

-- Refuses what may not be started or called, before anything is done. A person needs one of the roles that the workflow's
-- trigger names, in his tenant, now, or what its `allow` asks for (enginejs.workflow_may_start); the platform needs nothing.
-- A null trigger: everybody may, with his own rights. `schema` is the JSON Schema of the input; null takes anything.
--
-- Raises 42501 where the actor may not, also where nobody but the platform may, and EJ422 where the input does not fit: the
-- message names every place, detail is {"problems": ["lines[2].price: must be integer"]}. A definer's function: actors have
-- no right to what it asks.
set role enginejs_writer;
create or replace function enginejs.require_call(workflow text, trigger jsonb, schema jsonb, input jsonb) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  problems text[] := '{}';
  allowed constant boolean := trigger is null or enginejs.is_platform()
    or trigger ->> 'kind' = 'manual' and coalesce(trigger -> 'roles' ?| enginejs.actor_roles(), false);
begin
  if not allowed and (trigger ->> 'kind' is distinct from 'manual' or not trigger ? 'allow') then
    raise exception 'workflow "%" is not started by this actor', workflow using errcode = 'insufficient_privilege';
  end if;
  -- Before `allow`, which looks into the input.
  if schema is not null then
    problems := enginejs.schema_problems(schema, coalesce(input, 'null'));
  end if;
  if cardinality(problems) > 0 then
    raise exception 'the input of the workflow "%" does not fit: %', workflow, array_to_string(problems, '; ')
      using errcode = 'EJ422', detail = jsonb_build_object('problems', problems);
  end if;
  if not allowed and not coalesce(enginejs.workflow_may_start(workflow, input), false) then
    raise exception 'workflow "%" is not started by this actor', workflow using errcode = 'insufficient_privilege';
  end if;
end
$$;
revoke execute on function enginejs.require_call(text, jsonb, jsonb, jsonb) from public;
grant execute on function enginejs.require_call(text, jsonb, jsonb, jsonb) to enginejs_anonymous, enginejs_user, enginejs_system, enginejs_owner;
reset role;

-- sql/functions/publish_in_call.sql

-- Publishes what a node of a synchronous process says, in the transaction of whoever calls the process' function. That function has
-- its caller's rights and no others, so what is asked here is what is asked of the call: the trigger's roles and `allow`
-- (enginejs.require_call). Who may call such a process may therefore publish to its queues what their schemas take. Only nodes
-- of the newest build count, of processes that are functions. Returns the message's id. Raises EJ404 where there is no such node,
-- 42501 where the actor may not call the process, EJ422 for an input or a message that is not what its schema says.
set role enginejs_writer;
create or replace function enginejs.publish_in_call(workflow text, node text, input jsonb, message jsonb) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  called record;
begin
  select d.definition, n.node ->> 'queue' as queue into called
  from enginejs.workflow_subscriptions s
  join enginejs.workflow_definitions d on d.id = s.definition_id
  cross join lateral jsonb_array_elements(d.definition -> 'nodes') as n (node)
  where s.model = 'workflow:' || publish_in_call.workflow
    and n.node ->> 'id' = publish_in_call.node and n.node ->> 'kind' = 'queue.publish'
    and d.definition ->> 'execution' = 'sync' and d.definition -> 'as' = '"inherit"'
    -- The same kinds as in src/dsl-to-sql/process-function.ts; test/process/function.test.ts compares them.
    and not exists (
      select from jsonb_array_elements(d.definition -> 'nodes') as other (node)
      where other.node ->> 'kind' <> all ('{start,end,fail,transform,branch,merge,parallel,queue.publish,crud.create,crud.get,crud.list,crud.update,crud.delete,db.update}')
    );
  if not found then
    raise exception 'there is no process "%" that publishes by "%" when it is called', workflow, node using errcode = 'EJ404';
  end if;
  perform enginejs.require_call(workflow, called.definition -> 'trigger', called.definition -> 'input', input);
  return enginejs.workflow_publish(called.queue, message);
end
$$;
revoke execute on function enginejs.publish_in_call(text, text, jsonb, jsonb) from public;
grant execute on function enginejs.publish_in_call(text, text, jsonb, jsonb) to enginejs_user, enginejs_system, enginejs_owner;
reset role;

-- sql/functions/start_workflow.sql

-- Starts a workflow as the actor of this transaction and returns the id that its run will have. Who may, and with what:
-- enginejs.require_call. The platform may say in whose name: `actor`, as events carry it. `awaited`: somebody waits for the
-- run's end and is told (enginejs.workflow_ended).
--
-- Raises EJ404 for a workflow that the newest build does not have, 42501 where the actor may not start it, EJ422 where the
-- input does not fit.
set role enginejs_writer;
create or replace function enginejs.start_workflow(
  workflow text, input jsonb default null, awaited boolean default false, actor jsonb default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  definition jsonb;
begin
  select d.definition into definition
  from enginejs.workflow_subscriptions s join enginejs.workflow_definitions d on d.id = s.definition_id
  where s.model = 'workflow:' || start_workflow.workflow;
  if not found then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  if actor is not null and not enginejs.is_platform() then
    raise exception 'only the platform starts a workflow in the name of others' using errcode = 'insufficient_privilege';
  end if;
  perform enginejs.require_call(workflow, definition -> 'trigger', definition -> 'input', input);
  return enginejs.workflow_start(workflow, input, null, actor,
    coalesce(enginejs.emit_origin(), '{}') || '{"checked": true}'
      || case when awaited then '{"awaited": true}'::jsonb else '{}' end);
end
$$;
revoke execute on function enginejs.start_workflow(text, jsonb, boolean, jsonb) from public;
grant execute on function enginejs.start_workflow(text, jsonb, boolean, jsonb) to enginejs_user, enginejs_system, enginejs_owner;
reset role;

-- sql/functions/workflow_ended.sql

-- Tells those who wait for the ends of these runs (the channel enginejs_ended, a run's id each). Called by the worker after
-- the ends are committed, and only for runs whose start said that somebody waits (origin: {"awaited": true}): NOTIFY is
-- dear to commits that happen at the same time, and this transaction writes nothing, so that its own commit waits for no
-- disk. What is lost by a death in between is found by those who wait, who look now and then.
set role enginejs_writer;
create or replace function enginejs.workflow_ended(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_notify('enginejs_ended', r.run::text) from unnest(runs) as r (run);
end
$$;
revoke execute on function enginejs.workflow_ended(uuid[]) from public;
reset role;

-- sql/functions/workflow_take_turns.sql

-- Begins what may begin of a workflow, the earliest events first, as far as its limits let it; of these concurrency keys only.
-- One at a time for each workflow; returns how many.
--
-- A run whose own record has an earlier event that the relay has not seen yet waits for that: events are taken in the order of
-- their ids, but an id may be committed after a greater one was taken.
set role enginejs_writer;
create or replace function enginejs.workflow_take_turns(workflow text, keys text[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  options jsonb;
  most int;
  rate int;
  per interval;
  turn record;
  oldest timestamptz;
  runs uuid[] := '{}';
begin
  perform pg_advisory_xact_lock(7714006, hashtext(workflow));
  select d.definition -> 'options' into options
  from enginejs.workflow_subscriptions s join enginejs.workflow_definitions d on d.id = s.definition_id
  where s.model = 'workflow:' || workflow_take_turns.workflow;
  most := (options -> 'concurrency' ->> 'limit')::int;
  rate := (options -> 'rate' ->> 'limit')::int;
  per := (options -> 'rate' ->> 'perMs')::bigint * interval '1 ms';
  if rate is not null then
    delete from enginejs.workflow_turn_starts s
    where s.workflow = workflow_take_turns.workflow and s.begun_at <= clock_timestamp() - per;
  end if;
  for turn in
    select t.*
    from (select distinct k.key from unnest(keys) as k (key)) k
    cross join lateral (
      select coalesce(most - count(*), 500)::int as places from enginejs.workflow_turns b
      where b.workflow = workflow_take_turns.workflow and b.concurrency_key = k.key and b.state = 'begun'
    ) free
    cross join lateral (
      select h.* from enginejs.workflow_turns h
      where h.workflow = workflow_take_turns.workflow and h.concurrency_key = k.key and h.state = 'held'
        and h.ready_at <= clock_timestamp()
      order by h.event_id
      limit greatest(free.places, 0)
    ) t
    order by t.event_id
  loop
    if turn.order_key is not null and exists (
      select from enginejs.workflow_events_pending p
      join enginejs.workflow_events e on e.id = p.event_id and e.segment = p.segment
      where p.event_id < turn.event_id and p.model = turn.model and e.record_id = turn.record_id
    ) then
      update enginejs.workflow_turns t set ready_at = clock_timestamp() + interval '50 ms' where t.run_id = turn.run_id;
      continue;
    end if;
    if rate is not null then
      select s.begun_at into oldest from enginejs.workflow_turn_starts s
      where s.workflow = workflow_take_turns.workflow and s.rate_key = turn.rate_key
      order by s.begun_at desc offset rate - 1 limit 1;
      if found then
        update enginejs.workflow_turns t set ready_at = oldest + per where t.run_id = turn.run_id;
        continue;
      end if;
      insert into enginejs.workflow_turn_starts (workflow, rate_key) values (workflow, turn.rate_key);
    end if;
    runs := runs || turn.run_id;
  end loop;
  if runs = '{}' then
    return 0;
  end if;
  update enginejs.workflow_turns t set state = 'begun' where t.run_id = any (runs);
  perform enginejs.workflow_unpark(runs);
  return cardinality(runs);
end
$$;
revoke execute on function enginejs.workflow_take_turns(text, text[]) from public;
reset role;

-- sql/functions/workflow_return_turns.sql

-- Puts turns that are held anew into the order of their keys, the earliest events first, and begins what may begin: of each key
-- one is under way or the first to begin, and the others are blocked. The caller holds the locks of their workflows.
set role enginejs_writer;
create or replace function enginejs.workflow_return_turns(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  due record;
begin
  with touched as (
    select distinct t.workflow, t.order_key from enginejs.workflow_turns t
    where t.run_id = any (runs) and t.order_key is not null
  )
  update enginejs.workflow_turns t set state = 'blocked'
  from touched k
  where t.workflow = k.workflow and t.order_key = k.order_key and t.state = 'held'
    and exists (
      select from enginejs.workflow_turns b
      where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
        and (b.event_id < t.event_id or b.state in ('begun', 'halted')));
  for due in
    select t.workflow, array_agg(distinct t.concurrency_key) as keys from enginejs.workflow_turns t
    where t.run_id = any (runs) group by t.workflow order by t.workflow collate "C"
  loop
    perform enginejs.workflow_take_turns(due.workflow, due.keys);
  end loop;
end
$$;
revoke execute on function enginejs.workflow_return_turns(uuid[]) from public;
reset role;

-- sql/functions/workflow_hold_runs.sql

-- Makes the runs of a workflow that has turns, one per event, in the transaction that takes the events; the arrays belong
-- together by position. Each waits for its turn, and those whose turn it is begin at once. A key that is null is ''.
--
-- Debounced, an event takes the place of an earlier one of its key that has not begun, and waits as long as is declared, or until
-- the longest wait since the first of them is over.
set role enginejs_writer;
create or replace function enginejs.workflow_hold_runs(
  workflow text, definition_id int, events bigint[], segments int[],
  order_keys text[], concurrency_keys text[], rate_keys text[], debounce_keys text[]
) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  options jsonb;
  given record;
  run uuid;
  ready timestamptz;
  first_event timestamptz;
begin
  perform pg_advisory_xact_lock(7714006, hashtext(workflow));
  select d.definition -> 'options' into options
  from enginejs.workflow_definitions d where d.id = workflow_hold_runs.definition_id;
  for given in
    select u.*, e.model, e.record_id, e.created_at
    from unnest(events, segments, order_keys, concurrency_keys, rate_keys, debounce_keys)
      as u (event_id, segment, order_key, concurrency_key, rate_key, debounce_key)
    join enginejs.workflow_events e on e.id = u.event_id and e.segment = u.segment
    order by u.event_id
  loop
    run := enginejs.workflow_run_id(given.event_id, workflow);
    ready := clock_timestamp();
    first_event := null;
    if options ? 'debounce' then
      -- A later event of the key is there already.
      continue when exists (
        select from enginejs.workflow_turns t
        where t.workflow = workflow_hold_runs.workflow and t.debounce_key = coalesce(given.debounce_key, '')
          and t.state in ('blocked', 'held') and t.event_id > given.event_id
      );
      with earlier as (
        delete from enginejs.workflow_turns t
        where t.workflow = workflow_hold_runs.workflow and t.debounce_key = coalesce(given.debounce_key, '')
          and t.state in ('blocked', 'held')
        returning t.run_id, t.first_at
      ),
      replaced as (
        delete from enginejs.workflow_runs_parked r using earlier e where r.id = e.run_id
      )
      select least(min(e.first_at), given.created_at) into first_event from earlier e;
      -- Without a longest wait a stream of events that never pauses would never run: least() passes over null.
      ready := greatest(ready, least(
        given.created_at + (options -> 'debounce' ->> 'pauseMs')::bigint * interval '1 ms',
        first_event + (options -> 'debounce' ->> 'maxMs')::bigint * interval '1 ms'));
    end if;
    insert into enginejs.workflow_runs_parked as r (id, definition_id, event_id, segment, status)
    values (run, workflow_hold_runs.definition_id, given.event_id, given.segment, 'waiting')
    on conflict do nothing;
    insert into enginejs.workflow_turns
      (run_id, workflow, event_id, segment, model, record_id, state, order_key, concurrency_key, rate_key, debounce_key,
        first_at, priority, ready_at)
    values (run, workflow, given.event_id, given.segment, given.model, given.record_id, 'held',
      case when options ? 'ordered' then coalesce(given.order_key, '') end,
      coalesce(given.concurrency_key, ''), coalesce(given.rate_key, ''),
      case when options ? 'debounce' then coalesce(given.debounce_key, '') end, first_event,
      (options ->> 'priority')::int, ready)
    on conflict do nothing;
    if options ? 'ordered' then
      -- Only the first of a key is held, also where a smaller id comes later.
      update enginejs.workflow_turns t set state = 'blocked'
      where t.workflow = workflow_hold_runs.workflow and t.order_key = coalesce(given.order_key, '') and t.state = 'held'
        and exists (
          select from enginejs.workflow_turns b
          where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
            and (b.event_id < t.event_id or b.state in ('begun', 'halted')));
    end if;
  end loop;
  return enginejs.workflow_take_turns(workflow, array(select distinct coalesce(k, '') from unnest(concurrency_keys) k));
end
$$;
revoke execute on function enginejs.workflow_hold_runs(text, int, bigint[], int[], text[], text[], text[], text[]) from public;
reset role;

-- sql/functions/workflow_end_turn.sql

-- Ends the turn of a run that is no longer there to run, and lets those begin that waited for it. Where it has failed and its
-- workflow halts, those of its key wait for somebody: until an operator has it tried again and it is done, or `skip` is said.
-- Does nothing for a run that has not ended.
set role enginejs_writer;
create or replace function enginejs.workflow_end_turn(run uuid, skip boolean default false) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  turn record;
  failed boolean;
  halts boolean;
begin
  select t.* into turn from enginejs.workflow_turns t where t.run_id = run and t.state <> 'failed';
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock(7714006, hashtext(turn.workflow));
  if exists (select from enginejs.workflow_runs_active r where r.id = run)
    or exists (select from enginejs.workflow_runs_parked r where r.id = run) then
    return false;
  end if;
  select f.status = 'failed', d.definition -> 'options' -> 'ordered' ->> 'onFailure' = 'halt' into failed, halts
  from enginejs.workflow_runs_finished f join enginejs.workflow_definitions d on d.id = f.definition_id
  where f.id = run and f.segment = turn.segment;
  if failed and halts and not skip then
    update enginejs.workflow_turns t set state = 'halted' where t.run_id = run;
  else
    if failed then
      update enginejs.workflow_turns t set state = 'failed', debounce_key = null where t.run_id = run;
    else
      delete from enginejs.workflow_turns t where t.run_id = run;
    end if;
    update enginejs.workflow_turns t set state = 'held'
    where t.run_id = (
      select n.run_id from enginejs.workflow_turns n
      where n.workflow = turn.workflow and n.order_key = turn.order_key and n.state <> 'failed'
      order by n.event_id limit 1
    ) and t.state = 'blocked';
  end if;
  perform enginejs.workflow_take_turns(turn.workflow, array(
    select turn.concurrency_key
    union
    select t.concurrency_key from enginejs.workflow_turns t
    where t.workflow = turn.workflow and t.order_key = turn.order_key and t.state = 'held'));
  return true;
end
$$;
revoke execute on function enginejs.workflow_end_turn(uuid, boolean) from public;
grant execute on function enginejs.workflow_end_turn(uuid, boolean) to enginejs_owner;
reset role;

-- sql/functions/workflow_settle_turns.sql

-- Looks after turns: ends those of runs that have ended without anybody saying so (their worker died, an operator ended them),
-- and lets those begin whose time has come. Returns the seconds until the next time, null where none is known.
set role enginejs_writer;
create or replace function enginejs.workflow_settle_turns(out next_in double precision)
language plpgsql volatile set search_path = ''
as $$
declare
  ended uuid;
  due record;
begin
  -- One at a time; and for workflows without turns that is all.
  if not exists (select from enginejs.workflow_turns t where t.state <> 'failed') or not pg_try_advisory_xact_lock(7714007, 0) then
    return;
  end if;
  for ended in
    select t.run_id from enginejs.workflow_turns t
    where t.state <> 'failed' and t.state <> 'blocked'
      and not exists (select from enginejs.workflow_runs_active r where r.id = t.run_id)
      and not exists (select from enginejs.workflow_runs_parked r where r.id = t.run_id)
      and (t.state <> 'halted' or not exists (
        select from enginejs.workflow_runs_finished f where f.id = t.run_id and f.segment = t.segment and f.status = 'failed'))
    -- Workflows in one order: no deadlocks.
    order by t.workflow collate "C", t.event_id
    limit 500
  loop
    perform enginejs.workflow_end_turn(ended);
  end loop;
  for due in
    select t.workflow, array_agg(distinct t.concurrency_key) as keys from (
      select h.workflow, h.concurrency_key from enginejs.workflow_turns h
      where h.state = 'held' and h.ready_at <= clock_timestamp() order by h.ready_at limit 500
    ) t
    group by t.workflow order by t.workflow collate "C"
  loop
    perform enginejs.workflow_take_turns(due.workflow, due.keys);
  end loop;
  select extract(epoch from min(t.ready_at) - clock_timestamp()) into next_in
  from enginejs.workflow_turns t where t.state = 'held' and t.ready_at > clock_timestamp();
end
$$;
revoke execute on function enginejs.workflow_settle_turns() from public;
reset role;

-- sql/functions/workflow_make_cancelled.sql

-- Makes a run that the relay has not made yet, as one that is to be cancelled: its event still waits for the relay, or for the end
-- of a pause. It ends like any other cancelled run, and so does all that hangs on it: whoever waits for it is told. The event's other
-- workflows are left to the relay. Returns whether there was such an event.
-- Who starts a workflow has its run's id at once, and a workflow's child is known to its parent, before there is a run.
set role enginejs_writer;
create or replace function enginejs.workflow_make_cancelled(run uuid, reason text) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  -- See workflow_run_id.
  wanted constant bigint := ('x' || substr(replace(run::text, '-', ''), 1, 16))::bit(64)::bigint;
  pending record;
  subscription record;
  others text[];
  rang boolean;
begin
  -- A relay that has it in hand is waited for: then there is a run, or there will be none.
  select p.segment, p.model, p.action, p.workflows into pending
  from enginejs.workflow_events_pending p where p.event_id = wanted for update;
  if found then
    select s.workflow, s.definition_id into subscription from enginejs.workflow_subscriptions s
    where s.model = pending.model and s.action = pending.action and s.definition_id is not null
      and enginejs.workflow_run_id(wanted, s.workflow) = run
      and (pending.workflows is null or s.workflow = any (pending.workflows));
    if not found then
      return false;
    end if;
    others := array(
      select s.workflow from enginejs.workflow_subscriptions s
      where s.model = pending.model and s.action = pending.action and s.workflow <> subscription.workflow
        and (pending.workflows is null or s.workflow = any (pending.workflows)));
    if others = '{}' then
      delete from enginejs.workflow_events_pending p where p.event_id = wanted;
    else
      update enginejs.workflow_events_pending p set workflows = others where p.event_id = wanted;
      rang := enginejs.ring();
    end if;
  else
    delete from enginejs.workflow_events_held h
    where h.event_id = wanted and enginejs.workflow_run_id(wanted, h.workflow) = run
    returning h.segment, h.workflow into pending;
    if not found then
      return false;
    end if;
    select s.definition_id into subscription
    from enginejs.workflow_events e join enginejs.workflow_subscriptions s on s.model = e.model and s.action = e.action
    where e.id = wanted and e.segment = pending.segment and s.workflow = pending.workflow;
    -- The newest build does not have it: nothing would ever come of it.
    if not found then
      return true;
    end if;
  end if;
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, cancel)
  values (run, subscription.definition_id, wanted, pending.segment, coalesce(reason, 'cancelled'))
  on conflict (id) do nothing;
  perform enginejs.workflow_ring_for(array[run]);
  return true;
end
$$;
revoke execute on function enginejs.workflow_make_cancelled(uuid, text) from public;
reset role;

-- sql/functions/workflow_cancel.sql

-- Asks for the end of a run: what it did is undone by its compensations, and it ends as cancelled. Returns whether there is
-- such a run that is not finished; one that the relay has not made yet counts, once its event is committed. A running one is told by its
-- worker within about a second.
set role enginejs_writer;
create or replace function enginejs.workflow_cancel(run uuid, reason text default 'cancelled') returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  current_status text;
begin
  -- Twice: it may move between the two tables meanwhile.
  for i in 1..2 loop
    update enginejs.workflow_runs_active r set cancel = coalesce(r.cancel, reason, 'cancelled') where r.id = run
    returning r.status into current_status;
    if found then
      if current_status in ('waiting', 'paused') then
        perform enginejs.workflow_ring_for(array[run]);
      end if;
      return true;
    end if;
    update enginejs.workflow_runs_parked r set cancel = coalesce(r.cancel, reason, 'cancelled') where r.id = run;
    if found then
      perform enginejs.workflow_unpark(array[run]);
      return true;
    end if;
    -- Or be made.
    if enginejs.workflow_make_cancelled(run, reason) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
revoke execute on function enginejs.workflow_cancel(uuid, text) from public;
grant execute on function enginejs.workflow_cancel(uuid, text) to enginejs_owner, enginejs_system;
reset role;

-- sql/functions/workflow_compensate.sql

-- Turns a run back that has failed for good, or was cancelled: keeps the reason, forgets what it still waited for, and
-- returns the steps that it has done, in the order in which they were. Called again when a compensation goes on after
-- a pause or a restart: the first reason stays, and so do the waits of compensations. Null where the lease is lost.
set role enginejs_writer;
create or replace function enginejs.workflow_compensate(run uuid, held_lease int, reason jsonb) returns text[]
language plpgsql volatile set search_path = ''
as $$
declare
  before jsonb;
  run_segment int;
  children uuid[];
  child uuid;
begin
  select r.failure, r.segment into before, run_segment from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for update;
  if not found then
    return null;
  end if;
  -- workflow_reap has written its reason only: the rest is to be done here, under a lease.
  if before is null or before ? 'died' then
    update enginejs.workflow_runs_active r set failure = reason - 'died', failures = 0, failed_step = null where r.id = run;
    with gone as (
      delete from enginejs.workflow_waits w where w.run_id = run returning w.child, w.outcome
    )
    select array_agg(g.child) into children from gone g where g.child is not null and g.outcome is null;
    foreach child in array coalesce(children, '{}') loop
      perform enginejs.workflow_cancel(child, format('the run %s that waits for it has ended', run));
    end loop;
  end if;
  return coalesce((
    select array_agg(s.step order by s.finished_at, s.step) from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = run_segment
  ), '{}');
end
$$;
revoke execute on function enginejs.workflow_compensate(uuid, int, jsonb) from public;
reset role;

-- sql/functions/workflow_children_ended.sql

-- Gives the waits for other runs what became of these, once: the wait has its outcome then. With a run: the waits for
-- that one, called when it has ended. Without: all whose run has ended or never came to be (its workflow was removed before
-- the relay saw its event), a look that the relay takes now and then, so that a death between the two loses nothing.
set role enginejs_writer;
create or replace function enginejs.workflow_children_ended(ended uuid default null) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  with open as (
    select w.run_id, w.step from enginejs.workflow_waits w
    where w.kind = 'child' and w.outcome is null and (ended is null or w.child = ended)
      and not exists (select from enginejs.workflow_runs_active a where a.id = w.child)
      and not exists (select from enginejs.workflow_runs_parked a where a.id = w.child)
      -- The first half of a run's id is its event's.
      and not exists (
        select from enginejs.workflow_events_pending p
        where p.event_id = ('x' || substr(replace(w.child::text, '-', ''), 1, 16))::bit(64)::bigint)
      and not exists (
        select from enginejs.workflow_events_held h
        where h.event_id = ('x' || substr(replace(w.child::text, '-', ''), 1, 16))::bit(64)::bigint)
    order by w.run_id, w.step
    for update skip locked
  ),
  told as (
    update enginejs.workflow_waits w
    set outcome = coalesce((
      select case f.status
        when 'done' then jsonb_build_object('output', jsonb_build_object('runId', w.child, 'output', f.output))
        else jsonb_build_object('error', format('the workflow %s (run %s) %s: %s', w.name, w.child,
          case f.status when 'cancelled' then 'was cancelled' else 'has failed' end, f.error))
      end
      from enginejs.workflow_runs_finished f where f.id = w.child and f.segment = w.child_segment
    ), jsonb_build_object('error', format('the workflow %s (run %s) was never begun', w.name, w.child)))
    from open where w.run_id = open.run_id and w.step = open.step and w.outcome is null
    returning w.run_id
  )
  select array_agg(distinct t.run_id) into runs from told t;
  perform enginejs.workflow_unpark(runs);
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_children_ended(uuid) from public;
reset role;

-- sql/functions/workflow_wake.sql

-- Rings for runs: those whose pause is over, those parked whose next time has come or whose child has ended, and queued ones whose job is gone or locked by nobody who lives (somebody
-- deleted it, or a worker died between taking its pool's name and telling it). Returns how many it rang for, and
-- the seconds until the next pause ends.
set role enginejs_writer;
create or replace function enginejs.workflow_wake(most int, out woken int, out next_in double precision)
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  select array_agg(due.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.next_run_at <= clock_timestamp()
    order by r.next_run_at
    limit most
    for update skip locked
  ) due;
  perform enginejs.workflow_ring_for(runs);
  woken := coalesce(cardinality(runs), 0);

  select array_agg(due.id) into runs
  from (
    select r.id from enginejs.workflow_runs_parked r
    where r.next_run_at <= clock_timestamp()
    order by r.next_run_at
    limit most
  ) due;
  woken := woken + enginejs.workflow_unpark(runs) + enginejs.workflow_children_ended();

  select array_agg(lost.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.status = 'queued' and r.since < clock_timestamp() - interval '5 s'
      and not exists (
        select from graphile_worker._private_jobs j
        where j.id = r.job_id and (j.locked_by is null or j.locked_by in (
          select unnest(w.pools) from enginejs.workflow_workers w))
      )
    limit most
    for update skip locked
  ) lost;
  perform enginejs.workflow_ring_for(runs);
  woken := woken + coalesce(cardinality(runs), 0);

  select extract(epoch from least(
    (select min(r.next_run_at) from enginejs.workflow_runs_active r where r.next_run_at is not null),
    (select min(r.next_run_at) from enginejs.workflow_runs_parked r where r.next_run_at is not null)
  ) - clock_timestamp()) into next_in;
end
$$;
revoke execute on function enginejs.workflow_wake(int) from public;
reset role;

-- sql/functions/workflow_reap.sql

-- Notices dead workers and gives back what they held: their locks on jobs, their transactions, and their runs. Dead is whose
-- heartbeat is 15 s old, or 3 s old with its session lock free: PostgreSQL frees that about 10 ms after a process is killed.
-- While the server was not there nobody could beat: that time does not count.
-- A wrong guess does no harm to database steps: the lease has changed, and what the old one writes counts for nothing.
--
-- A run whose worker died `most_crashes` times in a row without any result between fails, and is undone: it kills its workers. Where the
-- server itself was restarted meanwhile, nobody knows whose fault it was, and it does not count.
-- Returns the workers that were found dead.
set role enginejs_writer;
create or replace function enginejs.workflow_reap(most_crashes int) returns setof int
language plpgsql volatile set search_path = ''
as $$
declare
  dead int[];
  pools text[];
  lost uuid[];
begin
  with gone as (
    delete from enginejs.workflow_workers w
    where w.id in (
      select x.id from enginejs.workflow_workers x
      where greatest(x.heartbeat_at, pg_postmaster_start_time()) < clock_timestamp() - interval '15 s'
        or greatest(x.heartbeat_at, pg_postmaster_start_time()) < clock_timestamp() - interval '3 s'
          and pg_try_advisory_xact_lock(7714002, x.id)
      for update skip locked
    )
    returning w.id, w.pools
  )
  select array_agg(distinct g.id), array_agg(p.pool) filter (where p.pool is not null)
  into dead, pools
  from gone g left join lateral unnest(g.pools) as p (pool) on true;

  if pools is not null then
    perform graphile_worker.force_unlock_workers(pools);
    -- As its add_jobs does: the living would look only at their next poll, two seconds later.
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 100)::text);
  end if;

  -- A process that hangs, or was stopped, keeps its connections: its relay would lead for ever, and what it stands still
  -- in the middle of would hold its locks. Its relay's session and its transactions hold this lock (see workflow_holds).
  -- Those of another login may not be this one's to end.
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714009 and l.objid = any (dead::oid[]) and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and pg_has_role(a.usesysid, 'usage');

  -- Also those of workers that are in no list at all. One that such a transaction has locked is left to the next look, so
  -- that it keeps nobody else's from being given back.
  lost := array(
    select a.id from enginejs.workflow_runs_active a
    where a.status = 'running' and not exists (select from enginejs.workflow_workers w where w.id = a.worker_id)
    order by a.id
    for update of a skip locked
  );
  update enginejs.workflow_runs_active r
  set crashes = case
      when s.results > r.crashed_after then 1
      when r.since < pg_postmaster_start_time() then r.crashes
      else r.crashes + 1
    end,
    crashed_after = s.results,
    error = 'the worker died'
  from (
    select a.id, (
      select count(*) from enginejs.workflow_run_steps s where s.run_id = a.id and s.segment = a.segment
    )::int as results
    from enginejs.workflow_runs_active a
    where a.id = any (lost)
  ) s
  where r.id = s.id;

  -- What it did is undone like that of any run that fails, by a worker: functions/workflow_compensate.sql takes it from here. Where
  -- there is nothing to undo it ends at once, and so does one that kills its workers while it is undone.
  update enginejs.workflow_runs_active r
  set failure = jsonb_build_object('step', coalesce(r.failed_step, 'start'), 'died', true,
      'error', format('its worker died %s times in a row while it ran', r.crashes)),
    crashes = 0
  from enginejs.workflow_definitions d
  where r.id = any (lost) and r.crashes >= most_crashes and r.failure is null and d.id = r.definition_id
    and (r.waits or jsonb_path_exists(d.definition, 'strict $.**.kind ? (@ == "compensate")'));

  with poison as (
    delete from enginejs.workflow_runs_active r
    where r.id = any (lost) and r.crashes >= most_crashes
    returning r.*
  ),
  forgotten as (
    delete from enginejs.workflow_waits w using poison p where w.run_id = p.id
  )
  insert into enginejs.workflow_runs_finished
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at)
  select p.id, p.definition_id, p.event_id, p.segment, 'failed', p.attempts, coalesce(p.failure ->> 'step', p.failed_step),
    concat_ws('; ', p.failure ->> 'error',
      format('its worker died %s times in a row while it %s', p.crashes, case when p.failure is null then 'ran' else 'was undone' end)),
    p.created_at
  from poison p;

  -- Whoever died three times beside others may be killed by one of these: begun together again they would die together until all
  -- of them fail. Each comes back at a time of its own.
  with crowd as (
    select r.id, count(*) over (partition by r.worker_id) as runs from enginejs.workflow_runs_active r where r.id = any (lost)
  ),
  parted as (
    update enginejs.workflow_runs_active r
    set status = 'waiting', worker_id = null, job_id = null, since = clock_timestamp(),
      next_run_at = clock_timestamp() + random() * 2 ^ least(r.crashes, 4) * interval '1 s'
    from crowd c
    where r.id = c.id and c.runs > 1 and r.crashes >= 3 and r.failure is null and r.cancel is null
    returning r.id
  )
  select array_agg(c.id) into lost from crowd c where c.id not in (select p.id from parted p);
  perform enginejs.workflow_ring_for(lost);

  return query select unnest(dead);
end
$$;
revoke execute on function enginejs.workflow_reap(int) from public;
reset role;

-- sql/functions/workflow_step_aside.sql

-- Called by a worker's heartbeat, a thread of its own, while the process's event loop stands still: some handler computes for
-- seconds, or waits without giving way. The process is not dead, and its runs stay its own. But its relay would lead, its jobs
-- would be kept, and its transactions would hold their locks for as long, and everybody else would wait. Where there is another
-- worker to go on, these are ended; to the process it is a lost connection when it wakes up.
-- What is in the middle of a statement does not wait for the process, and is left alone. Returns whether there is another.
set role enginejs_writer;
create or replace function enginejs.workflow_step_aside(worker int) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  if not exists (
    select from enginejs.workflow_workers w
    where w.id <> worker and w.heartbeat_at > clock_timestamp() - interval '5 s'
  ) then
    return false;
  end if;
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714009 and l.objid = worker::oid and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and a.state like 'idle%' and pg_has_role(a.usesysid, 'usage');
  -- Its pools' jobs ring for runs that others can claim. When it wakes up and rings as well, they are claimed already.
  perform graphile_worker.force_unlock_workers(w.pools) from enginejs.workflow_workers w
  where w.id = worker and exists (select from graphile_worker._private_jobs j where j.locked_by = any (w.pools));
  return true;
end
$$;
revoke execute on function enginejs.workflow_step_aside(int) from public;
reset role;

-- sql/functions/workflow_replace_leader.sql

-- Called by workers that stand by, each second: ends the session of a relay that leads and stands still, so that another one
-- leads. One that lives asks the database something twice a second; one whose session has waited for its process for 3 s was
-- stopped, computes, or cannot be reached. That is soon: whoever is declared dead by his heartbeat was silent for 15 s
-- (workflow_reap). But nothing more is taken from him here than that he leads: his runs stay his own until then.
-- A wrong guess costs him a lost connection, and then he stands by. Returns whether there was one.
set role enginejs_writer;
create or replace function enginejs.workflow_replace_leader(worker int) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714001 and l.objid = 0 and l.objsubid = 2 and l.granted
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and a.state like 'idle%' and a.state_change < clock_timestamp() - interval '3 s' and pg_has_role(a.usesysid, 'usage')
    -- Its own: this process has just begun to move again.
    and not exists (
      select from pg_locks o
      where o.locktype = 'advisory' and o.classid = 7714009 and o.objid = worker::oid and o.pid = l.pid
    );
  return found;
end
$$;
revoke execute on function enginejs.workflow_replace_leader(int) from public;
reset role;

-- sql/functions/workflow_forgotten.sql

-- Gives back runs that were claimed for a living worker which does not know of it: the answer to its claim was lost
-- with the connection. `known` are the runs that it is at.
set role enginejs_writer;
create or replace function enginejs.workflow_forgotten(worker int, known uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  select array_agg(f.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.status = 'running' and r.worker_id = worker and r.since < clock_timestamp() - interval '5 s'
      and r.id <> all (known)
    for update skip locked
  ) f;
  perform enginejs.workflow_ring_for(runs);
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_forgotten(int, uuid[]) from public;
reset role;

-- sql/functions/workflow_run_status.sql

-- What people call the state of a run that is not finished: pending, processing, waiting, paused or compensating.
-- Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.workflow_run_status(status text, parked boolean, failure jsonb, paused boolean) returns text
language sql immutable parallel safe
return case
  when failure is not null then 'compensating'
  when status = 'running' then 'processing'
  when status = 'paused' or parked and paused then 'paused'
  when parked or status = 'waiting' then 'waiting'
  else 'pending'
end;
revoke execute on function enginejs.workflow_run_status(text, boolean, jsonb, boolean) from public;
grant execute on function enginejs.workflow_run_status(text, boolean, jsonb, boolean) to enginejs_owner;
reset role;

-- sql/workflow_runs.sql

-- All runs, finished or not, for people; with what each that is not finished waits for.
set role enginejs_writer;

create or replace view enginejs.workflow_runs as
  select r.id, d.name as workflow, r.event_id, r.segment,
    enginejs.workflow_run_status(r.status, r.parked, r.failure, r.paused) as status,
    r.attempts, r.next_run_at, coalesce(r.failure ->> 'step', r.failed_step) as failed_step,
    coalesce(r.failure ->> 'error', r.error) as error, r.worker_id, r.created_at,
    null::timestamptz as finished_at, r.definition_id,
    case
      when r.status = 'paused' or r.parked and r.paused
        then jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', 'operator', 'reason', (
          select p.reason from enginejs.workflow_pauses p where p.workflow = d.name))))
      when r.parked and t.run_id is not null and t.state <> 'begun' then jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', 'turn',
        -- Without the tenant, which stands before keys that are one tenant's.
        'key', coalesce(regexp_replace(t.order_key, '^[0-9a-f]{8}-[0-9a-f-]{27}/', ''), nullif(t.concurrency_key, ''),
          nullif(t.rate_key, ''), regexp_replace(t.debounce_key, '^[0-9a-f]{8}-[0-9a-f-]{27}/', '')),
        'run', case when t.state = 'blocked' then (
          select b.run_id from enginejs.workflow_turns b
          where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
            and (b.event_id < t.event_id or b.state in ('begun', 'halted'))
          order by b.event_id limit 1) end,
        'until', case when t.ready_at > clock_timestamp() then t.ready_at end)))
      when r.parked then coalesce((
        select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', w.kind, 'step', w.step, 'until', w.until,
          'name', w.name, 'key', w.key, 'run', w.child, 'question', w.question, 'error', w.error)) order by w.step)
        from enginejs.workflow_waits w where w.run_id = r.id
      ), '[]')
      when r.status = 'waiting'
        then jsonb_build_array(jsonb_build_object('kind', 'retry', 'step', r.failed_step, 'until', r.next_run_at, 'error', r.error))
      when r.status = 'running' then jsonb_build_array(jsonb_build_object('kind', 'step', 'worker', r.worker_id))
      else '[{"kind": "worker"}]'::jsonb
    end as waiting_for,
    r.cancel, null::jsonb as output
  from (
    select a.*, false as parked from enginejs.workflow_runs_active a
    union all
    select p.*, true from enginejs.workflow_runs_parked p
  ) r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  left join enginejs.workflow_turns t on t.run_id = r.id
  union all
  select r.id, d.name, r.event_id, r.segment, r.status,
    r.attempts, null, r.failed_step, r.error, null, r.created_at, r.finished_at,
    r.definition_id, null, null, r.output
  from enginejs.workflow_runs_finished r
  join enginejs.workflow_definitions d on d.id = r.definition_id;

comment on view enginejs.workflow_runs is 'Runs of workflows: pending, processing, waiting, paused, compensating, done, failed or cancelled; and what they wait for.';

reset role;

-- sql/workflow_events_outbox.sql

-- The outbox, as people think of it: each event with its status. An event is done when all its runs are, failed when
-- one failed for good, pending until the relay has seen it. A view, because measurement said so: writers
-- append to a plain log, the relay deletes from a narrow table, and nothing is written twice.
set role enginejs_writer;

create or replace view enginejs.workflow_events_outbox as
  select e.id, e.created_at, e.model, e.action, e.record_id, e.before, e.after, e.changed, e.input, e.actor, e.origin,
    case
      when p.event_id is not null or exists (select from enginejs.workflow_events_held h where h.event_id = e.id)
        or exists (select from enginejs.workflow_messages_kept k where k.event_id = e.id) then 'pending'
      when a.runs > 0 then 'processing'
      when f.event_id is not null or d.failed > 0 then 'failed'
      else 'done'
    end as status,
    (coalesce(p.attempts, f.attempts, 0) + a.attempts + d.attempts)::int as attempts,
    least(p.next_run_at, a.next_run_at) as next_run_at,
    coalesce(p.error, f.error, a.error, d.error) as error,
    e.truncated, e.segment
  from enginejs.workflow_events e
  left join enginejs.workflow_events_pending p on p.event_id = e.id
  left join enginejs.workflow_events_failed f on f.event_id = e.id
  -- An event's runs are one range of the key: see workflow_run_id.
  cross join lateral (
    select count(*) as runs, coalesce(sum(r.attempts), 0) as attempts, min(r.next_run_at) as next_run_at,
      max(r.error) as error
    from (
      select id, attempts, next_run_at, error from enginejs.workflow_runs_active
      union all
      select id, attempts, next_run_at, error from enginejs.workflow_runs_parked
    ) r
    where r.id >= (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and r.id <= (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
  ) a
  cross join lateral (
    select count(*) filter (where r.status = 'failed') as failed, coalesce(sum(r.attempts), 0) as attempts,
      max(r.error) as error
    from enginejs.workflow_runs_finished r
    where r.segment = e.segment
      and r.id >= (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and r.id <= (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
  ) d;

comment on view enginejs.workflow_events_outbox is 'Events and what came of them: pending, processing, done or failed.';

reset role;

-- sql/workflow_queue_backlog.sql

-- What of each queue is not done: messages that wait for the relay, for a workflow that receives them, for one that is paused, and
-- runs that are not finished. A message counts once for each workflow that receives it. Failed ones are dead letters.
set role enginejs_writer;

create or replace view enginejs.workflow_queue_backlog as
  with open (queue, event_id, kept) as (
    select substr(p.model, 7), p.event_id, false from enginejs.workflow_events_pending p where p.model like 'queue:%'
    union all
    select k.queue, k.event_id, true from enginejs.workflow_messages_kept k
    union all
    select substr(e.model, 7), h.event_id, false
    from enginejs.workflow_events_held h join enginejs.workflow_events e on e.id = h.event_id and e.segment = h.segment
    where e.model like 'queue:%'
    union all
    select d.definition #>> '{trigger,queue}', r.event_id, false
    from (
      select definition_id, event_id from enginejs.workflow_runs_active
      union all
      select definition_id, event_id from enginejs.workflow_runs_parked
    ) r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.definition #>> '{trigger,kind}' = 'queue'
  ),
  counted as (
    select o.queue, count(*) as messages, count(*) filter (where o.kept) as kept, min(o.event_id) as oldest
    from open o group by o.queue
  )
  select c.queue, c.messages, c.kept, (select e.created_at from enginejs.workflow_events e where e.id = c.oldest) as oldest_at
  from counted c;

comment on view enginejs.workflow_queue_backlog is 'How many messages of each queue are not done, and since when the oldest waits.';

reset role;

-- sql/workflow_dead_letters.sql

-- What was given up, newest last: runs that failed for good, and events that no condition could be evaluated for.
set role enginejs_writer;

create or replace view enginejs.workflow_dead_letters as
  select r.id as run_id, d.name as workflow, r.failed_step, r.error, r.attempts, r.finished_at as failed_at,
    e.id as event_id, e.model, e.action, e.record_id, e.actor
  from enginejs.workflow_runs_finished r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.status = 'failed'
  union all
  select null, w.workflow, null, f.error, f.attempts, f.failed_at,
    e.id, e.model, e.action, e.record_id, e.actor
  from enginejs.workflow_events_failed f
  cross join lateral unnest(f.workflows) as w (workflow)
  join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
  order by failed_at;

comment on view enginejs.workflow_dead_letters is 'Runs and events that failed for good, with the reason.';

reset role;

-- sql/functions/workflow_result.sql

-- What became of a run, for whoever started it (the same person in the same tenant), and for the platform: null `value` and
-- `error` until it has ended. Returns {"run", "workflow", "status", "output", "value", "error"}: `output` is the name of the
-- output that it came to, `error` is {"code", "message", "values"}, its code the name of the error that the workflow declares.
-- What it failed with otherwise is told to the platform alone: it may hold anything.
-- Raises EJ404 for no such run, and for one that somebody else started.
set role enginejs_writer;
create or replace function enginejs.workflow_result(run uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  platform constant boolean := enginejs.is_platform();
  -- The first half of a run's id is its event's.
  event_id constant bigint := ('x' || substr(replace(run::text, '-', ''), 1, 16))::bit(64)::bigint;
  event enginejs.workflow_events;
  found_run enginejs.workflow_runs;
  definition jsonb;
  result jsonb;
  declared jsonb;
  given jsonb;
  outputs text[];
begin
  select e.* into event from enginejs.workflow_events e where e.id = event_id;
  if not found or not platform and (event.model not like 'workflow:%' or enginejs.actor_id() is null
    or event.actor ->> 'id' is distinct from enginejs.actor_id()::text
    or event.actor ->> 'tenant' is distinct from enginejs.tenant_id()::text) then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  result := jsonb_build_object('run', run, 'workflow', substr(event.model, length('workflow:') + 1), 'status', 'pending',
    'output', null, 'value', null, 'error', null);
  select r.* into found_run from enginejs.workflow_runs r where r.id = run;
  if not found then
    -- An id that is no run's, or the run of an event that nobody could follow.
    if not exists (select from enginejs.workflow_events_pending p where p.event_id = event.id)
      and not exists (select from enginejs.workflow_events_held h where h.event_id = event.id) then
      if run is distinct from enginejs.workflow_run_id(event.id, result ->> 'workflow') then
        raise exception 'there is no run %', run using errcode = 'EJ404';
      end if;
      return result || '{"status": "failed", "error": {"code": "WorkflowFailed", "message": "the workflow was never begun", "values": null}}';
    end if;
    return result;
  end if;
  result := result || jsonb_build_object('workflow', found_run.workflow, 'status', found_run.status);
  if found_run.finished_at is null then
    return result;
  end if;
  select d.definition into definition from enginejs.workflow_definitions d where d.id = found_run.definition_id;
  if found_run.status = 'done' then
    select array_agg(k) into outputs from jsonb_object_keys(coalesce(definition -> 'outputs', '{}')) k;
    return result || jsonb_build_object('value', found_run.output, 'output', case
      when found_run.output is null then null
      when cardinality(outputs) = 1 then outputs[1]
      else (select s.output ->> 'output' from enginejs.workflow_run_steps s
        where s.run_id = run and s.segment = found_run.segment and s.step like '%:output'
        order by s.finished_at desc limit 1)
    end);
  end if;
  if found_run.status = 'cancelled' then
    return result || '{"error": {"code": "WorkflowCancelled", "message": "the run was cancelled", "values": null}}';
  end if;
  -- It ended with an error of its own: at a node that fails, and for that reason.
  select n.node into declared
  from jsonb_path_query(definition, '$.**.nodes[*] ? (@.kind == "fail" && @.id == $id)',
    jsonb_build_object('id', regexp_replace(found_run.failed_step, '^.*\.', ''))) as n (node)
  where starts_with(found_run.error, 'EJS6015: ' || (n.node ->> 'error'))
  limit 1;
  if found then
    select s.output into given from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = found_run.segment and s.step = found_run.failed_step || ':error';
    return result || jsonb_build_object('error', jsonb_build_object('code', declared ->> 'error',
      'message', coalesce(declared ->> 'message', declared ->> 'error'), 'values', coalesce(given, '{}')));
  end if;
  return result || jsonb_build_object('error', jsonb_build_object('code', 'WorkflowFailed',
    'message', case when platform then found_run.error else 'the run has failed' end, 'values', null));
end
$$;
revoke execute on function enginejs.workflow_result(uuid) from public;
grant execute on function enginejs.workflow_result(uuid) to enginejs_user, enginejs_system, enginejs_owner;
reset role;

-- sql/rls/workflow_operators.sql

-- What operators, and managers of webhooks, do is recorded by definers' functions of enginejs_writer: it may append lines of
-- these kinds to the administration log, and nothing else there.
do $$
begin
  set local role enginejs_owner;
  drop policy if exists writer_append on enginejs.administration_log;
  create policy writer_append on enginejs.administration_log for insert to enginejs_writer
    with check (kind like 'workflow.%' or kind like 'webhook.%');
  grant insert (kind, actor, tenant, detail) on enginejs.administration_log to enginejs_writer;
  grant execute on function enginejs.record_administration(text, uuid, uuid, jsonb) to enginejs_writer;
  reset role;
end
$$;

-- sql/functions/require_operator.sql

-- Refuses (42501) whoever may not operate workflows. May: a person with a token, or a service account, that has the
-- platform's role `operator` now; and whoever builds. A person's API key does not carry the role.
--
-- Called first by each function for operators. `role` stays what begin_request set also inside definers' functions.
set role enginejs_writer;
create or replace function enginejs.require_operator() returns void
language plpgsql stable set search_path = ''
as $$
declare
  acting constant text := current_setting('role');
begin
  if acting = 'enginejs_user' then
    if enginejs.actor_kind() in ('user', 'service') and 'operator' = any (enginejs.platform_roles(enginejs.actor_id())) then
      return;
    end if;
  elsif acting not in ('enginejs_anonymous', 'enginejs_system', 'enginejs_action')
    and pg_has_role(case acting when 'none' then session_user else acting::name end, 'enginejs_owner', 'usage') then
    return;
  end if;
  raise exception 'this is for operators' using errcode = 'insufficient_privilege';
end
$$;
revoke execute on function enginejs.require_operator() from public;
reset role;

-- sql/functions/workflow_note.sql

-- A line of the administration log about what an operator does with workflows, in the transaction that does it.
set role enginejs_writer;
create or replace function enginejs.workflow_note(verb text, tenant uuid, detail jsonb) returns void
language sql volatile set search_path = ''
as $$
  select enginejs.record_administration('workflow.' || verb, null, tenant,
    jsonb_strip_nulls(detail || jsonb_build_object('by', case when current_setting('role') = 'enginejs_user' then enginejs.actor_id() end)))
$$;
revoke execute on function enginejs.workflow_note(text, uuid, jsonb) from public;
reset role;

-- sql/functions/workflow_event_tenant.sql

-- The tenant that an event belongs to: its actor's, else its row's. Null for none.
set role enginejs_writer;
create or replace function enginejs.workflow_event_tenant(actor jsonb, before jsonb, after jsonb) returns uuid
language sql immutable parallel safe
return coalesce(actor ->> 'tenant', after ->> 'tenant_id', before ->> 'tenant_id')::uuid;
revoke execute on function enginejs.workflow_event_tenant(jsonb, jsonb, jsonb) from public;
reset role;

-- sql/functions/workflow_undone.sql

-- The outermost nodes of a run that compensations have undone, wholly or in part: what they left as checkpoints is not true any more.
set role enginejs_writer;
create or replace function enginejs.workflow_undone(run uuid, run_segment int, run_definition int) returns text[]
language sql stable set search_path = ''
as $$
  with compensation as (
    select distinct c.node ->> 'id' as id, c.node ->> 'of' as undoes
    from enginejs.workflow_definitions d
    cross join lateral jsonb_path_query(d.definition, '$.**.nodes[*] ? (@.kind == "compensate")') as c (node)
    where d.id = run_definition
  ),
  part as (
    select string_to_array(regexp_replace(s.step, '\[[0-9]*\]', '', 'g'), '.') as path
    from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = run_segment and exists (select from compensation)
  )
  select coalesce(array_agg(distinct coalesce(outer_one.undoes, p.path[1])), '{}')
  from part p
  join compensation c on c.id = any (p.path)
  left join compensation outer_one on outer_one.id = p.path[1]
$$;
revoke execute on function enginejs.workflow_undone(uuid, int, int) from public;
reset role;

-- sql/functions/workflow_revive.sql

-- Takes failed runs back, with their checkpoints: each tries its failed step again with all its attempts, and its time counts
-- from now. Those that take turns wait for theirs, by the keys that they had: behind the limits, and in their place in the
-- order. For the others it rings at once. Returns how many; those that are not failed (any more) are left alone.
set role enginejs_writer;
create or replace function enginejs.workflow_revive(runs uuid[], segments int[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  given text;
  revived uuid[];
  waiting uuid[];
begin
  -- Before any row, as all who change turns; workflows in one order: no deadlocks.
  for given in
    select distinct t.workflow collate "C" from enginejs.workflow_turns t where t.run_id = any (runs) order by 1
  loop
    perform pg_advisory_xact_lock(7714006, hashtext(given));
  end loop;
  with taken as (
    delete from enginejs.workflow_runs_finished f
    using unnest(runs, segments) as u (run, segment)
    where f.id = u.run and f.segment = u.segment and f.status = 'failed'
    returning f.id, f.definition_id, f.event_id, f.segment, f.attempts, f.failed_step, f.error, f.created_at
  ),
  parked as (
    insert into enginejs.workflow_runs_parked
      (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at, restarted_at)
    select t.id, t.definition_id, t.event_id, t.segment, 'waiting', t.attempts, t.failed_step, t.error, t.created_at,
      clock_timestamp()
    from taken t
    returning id
  )
  select array_agg(p.id order by p.id) into revived from parked p;
  if revived is null then
    return 0;
  end if;
  with held as (
    update enginejs.workflow_turns t set state = 'held', ready_at = clock_timestamp(), debounce_key = null
    where t.run_id = any (revived) returning t.run_id
  )
  select array_agg(h.run_id) into waiting from held h;
  perform enginejs.workflow_unpark(array(select u.run from unnest(revived) as u (run) where u.run <> all (coalesce(waiting, '{}'))));
  if waiting is not null then
    perform enginejs.workflow_return_turns(waiting);
  end if;
  return cardinality(revived);
end
$$;
revoke execute on function enginejs.workflow_revive(uuid[], int[]) from public;
reset role;

-- sql/functions/workflow_describe_run.sql

-- A run as operators see it; null for none. What it waits for is in `waitingFor`.
set role enginejs_writer;
create or replace function enginejs.workflow_describe_run(run uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', r.id, 'workflow', r.workflow, 'status', r.status, 'attempts', r.attempts,
    'createdAt', r.created_at, 'finishedAt', r.finished_at, 'nextRunAt', r.next_run_at,
    'failedStep', r.failed_step, 'error', r.error, 'cancel', r.cancel, 'waitingFor', coalesce(r.waiting_for, '[]'),
    'output', r.output, 'eventId', r.event_id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
    'tenant', enginejs.workflow_event_tenant(e.actor, e.before, e.after), 'actor', e.actor, 'origin', e.origin)
  from enginejs.workflow_runs r
  join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run
$$;
revoke execute on function enginejs.workflow_describe_run(uuid) from public;
reset role;

-- sql/functions/list_runs.sql

-- For operators: runs by what is asked for, the newest first, one page. `after`: the last id of the page before.
-- Ids begin with the event's, so that a page is one walk over the keys of the three tables of runs.
set role enginejs_writer;
create or replace function enginejs.list_runs(
  of_workflow text default null, in_status text default null, since timestamptz default null, of_tenant uuid default null,
  of_record uuid default null, first int default 50, after uuid default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  definitions int[];
  found_run record;
begin
  perform enginejs.require_operator();
  if of_workflow is not null then
    definitions := array(select d.id from enginejs.workflow_definitions d where d.name = of_workflow);
  end if;
  for found_run in
    (select r.id from enginejs.workflow_runs_finished r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or r.status = in_status) and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    union all
    (select r.id from enginejs.workflow_runs_active r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or enginejs.workflow_run_status(r.status, false, r.failure, r.paused) = in_status)
       and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    union all
    (select r.id from enginejs.workflow_runs_parked r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or enginejs.workflow_run_status(r.status, true, r.failure, r.paused) = in_status)
       and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    order by id desc limit first
  loop
    return next enginejs.workflow_describe_run(found_run.id);
  end loop;
end
$$;
revoke execute on function enginejs.list_runs(text, text, timestamptz, uuid, uuid, int, uuid) from public;
grant execute on function enginejs.list_runs(text, text, timestamptz, uuid, uuid, int, uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/workflow_task_of.sql

-- The task that a step calls, `slack/post-message`, by the step's path in a run of this definition: `each[3].tell`. Null where it calls
-- none. Ids are unique in the whole definition, so that the last part of a path is enough.
set role enginejs_writer;
create or replace function enginejs.workflow_task_of(definition jsonb, step text) returns text
language sql immutable set search_path = ''
as $$
  select jsonb_path_query_first(definition, '$.** ? (@.kind == "task" && @.id == $id).task',
    jsonb_build_object('id', regexp_replace(step, '^.*\.', ''))) #>> '{}'
$$;
revoke execute on function enginejs.workflow_task_of(jsonb, text) from public;
reset role;

-- sql/functions/show_run.sql

-- For operators: a run, with its event, its steps in the order in which they were done, and the other runs of the event.
-- Raises EJ404 for no such run.
set role enginejs_writer;
create or replace function enginejs.show_run(run uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  described jsonb;
begin
  perform enginejs.require_operator();
  described := enginejs.workflow_describe_run(run);
  if described is null then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  return described || (
    select jsonb_build_object(
      'event', jsonb_build_object('id', e.id::text, 'createdAt', e.created_at, 'model', e.model, 'action', e.action,
        'recordId', e.record_id, 'before', e.before, 'after', e.after, 'changed', e.changed, 'input', e.input),
      'steps', coalesce((
        select jsonb_agg(jsonb_build_object('step', s.step, 'task', enginejs.workflow_task_of(d.definition, s.step),
          'output', s.output, 'finishedAt', s.finished_at) order by s.finished_at, s.step)
        from enginejs.workflow_run_steps s where s.run_id = run and s.segment = r.segment), '[]'),
      'failedTask', enginejs.workflow_task_of(d.definition, r.failed_step),
      'others', coalesce((
        select jsonb_agg(jsonb_build_object('id', o.id, 'workflow', o.workflow, 'status', o.status) order by o.id)
        from enginejs.workflow_runs o
        where o.id between (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
          and (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid and o.id <> run), '[]'))
    from enginejs.workflow_runs r
    join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where r.id = run);
end
$$;
revoke execute on function enginejs.show_run(uuid) from public;
grant execute on function enginejs.show_run(uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/list_dead_letters.sql

-- For operators: what was given up, the oldest first, one page: failed runs, and events (no run) whose condition could not be
-- evaluated. `after`: when the last of the page before failed.
set role enginejs_writer;
create or replace function enginejs.list_dead_letters(
  of_workflow text default null, since timestamptz default null, of_tenant uuid default null, of_record uuid default null,
  first int default 50, after timestamptz default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform enginejs.require_operator();
  return query
  select jsonb_build_object('runId', l.run_id, 'workflow', l.workflow, 'failedStep', l.failed_step, 'error', l.error,
    'attempts', l.attempts, 'failedAt', l.failed_at, 'eventId', l.event_id::text, 'model', l.model, 'action', l.action,
    'recordId', l.record_id, 'tenant', l.tenant)
  from (
    (select f.id as run_id, d.name as workflow, f.failed_step, f.error, f.attempts, f.finished_at as failed_at,
       e.id as event_id, e.model, e.action, e.record_id, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
     from enginejs.workflow_runs_finished f
     join enginejs.workflow_definitions d on d.id = f.definition_id
     join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
     where f.status = 'failed' and (list_dead_letters.after is null or f.finished_at > list_dead_letters.after)
       and (of_workflow is null or d.name = of_workflow) and (since is null or f.finished_at >= since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by f.finished_at, f.id limit first)
    union all
    (select null, w.workflow, null, f.error, f.attempts, f.failed_at,
       e.id, e.model, e.action, e.record_id, enginejs.workflow_event_tenant(e.actor, e.before, e.after)
     from enginejs.workflow_events_failed f
     cross join lateral unnest(f.workflows) as w (workflow)
     join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
     where (list_dead_letters.after is null or f.failed_at > list_dead_letters.after)
       and (of_workflow is null or w.workflow = of_workflow) and (since is null or f.failed_at >= since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by f.failed_at limit first)
  ) l
  order by l.failed_at
  limit first;
end
$$;
revoke execute on function enginejs.list_dead_letters(text, timestamptz, uuid, uuid, int, timestamptz) from public;
grant execute on function enginejs.list_dead_letters(text, timestamptz, uuid, uuid, int, timestamptz)
  to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/retry_run.sql

-- For operators: a failed run tries again from its failed step, with its checkpoints; one that pauses before another attempt
-- makes it now. Returns the run's status. Raises EJ404 for no such run, EJ409 for one that has nothing to try again, or whose
-- steps were undone by compensations: its idempotency keys are used up, fork_run makes a run with new ones.
set role enginejs_writer;
create or replace function enginejs.retry_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  undone text[];
begin
  perform enginejs.require_operator();
  select r.id, r.segment, r.status, r.workflow, r.definition_id,
    enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
  into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  if found_run.status = 'failed' then
    undone := enginejs.workflow_undone(run, found_run.segment, found_run.definition_id);
    if undone <> '{}' then
      raise exception 'what the run did was undone (%): fork it instead', array_to_string(undone, ', ') using errcode = 'EJ409';
    end if;
    if enginejs.workflow_revive(array[run], array[found_run.segment]) = 0 then
      raise exception 'somebody else has retried the run' using errcode = 'EJ409';
    end if;
  elsif found_run.status = 'waiting' then
    perform from enginejs.workflow_runs_active r where r.id = run and r.status = 'waiting' for update;
    if found then
      perform enginejs.workflow_ring_for(array[run]);
    else
      update enginejs.workflow_waits w set until = clock_timestamp() where w.run_id = run and w.kind = 'retry' and w.outcome is null;
      if not found then
        raise exception 'the run waits for something else than another attempt' using errcode = 'EJ409';
      end if;
      perform enginejs.workflow_unpark(array[run]);
    end if;
  else
    raise exception 'the run is %: there is nothing to try again', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('retry', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.retry_run(uuid, text) from public;
grant execute on function enginejs.retry_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/fork_run.sql

-- For operators: makes a new run of a run's event that begins at a step, with the checkpoints of what does not come after that
-- step. What compensations have undone is done anew, and so is all that comes after it. It has an id, and so idempotency keys, of
-- its own; its time counts from now. `newest`: by the definition of the newest build instead of the run's own.
-- Returns the new run's id. Raises EJ404 for no such run, workflow or step (`hint`: those that there are).
set role enginejs_writer;
create or replace function enginejs.fork_run(run uuid, from_step text, newest boolean default false, reason text default null)
returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  origin record;
  target record;
  fork uuid;
  number int := 0;
  anew text[];
begin
  perform enginejs.require_operator();
  select r.id, r.segment, r.event_id, r.workflow, r.definition_id,
    enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant
  into origin
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  select d.id, d.definition into target from enginejs.workflow_definitions d
  where d.id = case
    when newest then (
      select s.definition_id from enginejs.workflow_subscriptions s
      where s.model = 'workflow:' || origin.workflow and s.action = 'start' and s.workflow = origin.workflow)
    else origin.definition_id
  end;
  if not found then
    raise exception 'the newest build has no workflow "%"', origin.workflow using errcode = 'EJ404';
  end if;
  if not exists (
    select from jsonb_array_elements(target.definition -> 'nodes') as n (node)
    where n.node ->> 'id' = from_step and n.node ->> 'kind' <> 'compensate'
  ) then
    raise exception 'the workflow "%" has no step "%"', origin.workflow, from_step using errcode = 'EJ404', hint = (
      select string_agg(n.node ->> 'id', ', ' order by n.place)
      from jsonb_array_elements(target.definition -> 'nodes') with ordinality as n (node, place)
      where n.node ->> 'kind' <> 'compensate');
  end if;

  with recursive after (id) as (
    select unnest(array[from_step] || enginejs.workflow_undone(run, origin.segment, origin.definition_id))
    union
    select e.edge ->> 'to' from after a
    join lateral jsonb_array_elements(target.definition -> 'edges') as e (edge) on e.edge ->> 'from' = a.id
  )
  select array_agg(a.id) into anew from after a;

  perform pg_advisory_xact_lock(7714005, hashtext(origin.event_id::text));
  loop
    number := number + 1;
    fork := enginejs.workflow_run_id(origin.event_id, origin.workflow || ' fork ' || number);
    exit when not exists (select from enginejs.workflow_runs r where r.id = fork);
  end loop;
  insert into enginejs.workflow_run_steps (run_id, segment, step, output, finished_at)
  select fork, s.segment, s.step, s.output, s.finished_at
  from enginejs.workflow_run_steps s
  cross join lateral (values (split_part(regexp_replace(s.step, '\[[0-9]*\]', '', 'g'), '.', 1))) as o (node)
  where s.run_id = run and s.segment = origin.segment and o.node <> all (anew)
    and exists (
      select from jsonb_array_elements(target.definition -> 'nodes') as n (node)
      where n.node ->> 'id' = o.node and n.node ->> 'kind' <> 'compensate');
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, status, restarted_at)
  values (fork, target.id, origin.event_id, origin.segment, 'waiting', clock_timestamp());
  perform enginejs.workflow_ring_for(array[fork]);
  perform enginejs.workflow_note('fork', origin.tenant, jsonb_build_object(
    'run', run, 'fork', fork, 'workflow', origin.workflow, 'step', from_step, 'newest', newest, 'reason', reason));
  return fork;
end
$$;
revoke execute on function enginejs.fork_run(uuid, text, boolean, text) from public;
grant execute on function enginejs.fork_run(uuid, text, boolean, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/cancel_run.sql

-- For operators: enginejs.workflow_cancel, recorded. Returns whether there was something to cancel; raises EJ404 for no such run.
set role enginejs_writer;
create or replace function enginejs.cancel_run(run uuid, reason text default null) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  cancelled boolean;
begin
  perform enginejs.require_operator();
  -- First: a run that the relay has not made yet is there afterwards.
  cancelled := enginejs.workflow_cancel(run, coalesce(reason, 'cancelled'));
  select r.workflow, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  if cancelled then
    perform enginejs.workflow_note('cancel', found_run.tenant,
      jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  end if;
  return cancelled;
end
$$;
revoke execute on function enginejs.cancel_run(uuid, text) from public;
grant execute on function enginejs.cancel_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/skip_run.sql

-- For operators: a failed run of a workflow that halts in order is passed over, and those of its key that wait for it go on.
-- Raises EJ404 for no such run, EJ409 for one that nobody waits for.
set role enginejs_writer;
create or replace function enginejs.skip_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- Whether its worker has told already that it has ended makes no difference.
  if found_run.status <> 'failed' or not enginejs.workflow_end_turn(run, true) then
    raise exception 'the run is %: nothing waits until it is passed over', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('skip', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return found_run.status;
end
$$;
revoke execute on function enginejs.skip_run(uuid, text) from public;
grant execute on function enginejs.skip_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/redrive_runs.sql

-- For operators: dead letters try again, the oldest first, at most `most` of each kind: failed runs from their failed step, and
-- events whose conditions could not be evaluated. `until`: only what failed before it; whoever calls this again and again names the moment at
-- which he began, so that what fails anew is left alone. `of_queue`: those that follow a message of it. Runs whose steps were undone stay (see retry_run) and are counted as `refused`.
set role enginejs_writer;
create or replace function enginejs.redrive_runs(
  of_workflow text default null, since timestamptz default null, until timestamptz default null, of_tenant uuid default null,
  of_record uuid default null, error_like text default null, most int default 1000, reason text default null,
  of_queue text default null,
  out runs int, out events int, out refused int
)
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ids uuid[];
  segments int[];
begin
  perform enginejs.require_operator();
  select array_agg(t.id), array_agg(t.segment) into ids, segments
  from (
    select f.id, f.segment
    from enginejs.workflow_runs_finished f
    join enginejs.workflow_definitions d on d.id = f.definition_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.status = 'failed' and f.finished_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or d.name = of_workflow)
      and (since is null or f.finished_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
      and enginejs.workflow_undone(f.id, f.segment, f.definition_id) = '{}'
    order by f.finished_at, f.id
    limit most
    for update of f skip locked
  ) t;
  runs := case when ids is null then 0 else enginejs.workflow_revive(ids, segments) end;
  refused := 0;
  -- The last of them: what is left of what was asked for cannot be tried again.
  if runs < most then
    select count(*) into refused
    from enginejs.workflow_runs_finished f
    join enginejs.workflow_definitions d on d.id = f.definition_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.status = 'failed' and f.finished_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or d.name = of_workflow)
      and (since is null or f.finished_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
      and enginejs.workflow_undone(f.id, f.segment, f.definition_id) <> '{}';
  end if;

  with dead as (
    select f.event_id, w.workflow
    from enginejs.workflow_events_failed f
    cross join lateral unnest(f.workflows) as w (workflow)
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.failed_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or w.workflow = of_workflow)
      and (since is null or f.failed_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
    order by f.event_id
    limit most
  ),
  wanted as (
    select x.event_id, array_agg(x.workflow) as workflows from dead x group by x.event_id
  ),
  -- One that waits there already is taken up with the next redrive.
  given as (
    insert into enginejs.workflow_events_pending (event_id, segment, model, action, workflows)
    select e.id, e.segment, e.model, e.action, w.workflows
    from wanted w join enginejs.workflow_events_failed f on f.event_id = w.event_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    order by e.id
    on conflict on constraint workflow_events_pending_pkey do nothing
    returning event_id, workflows
  ),
  gone as (
    delete from enginejs.workflow_events_failed f using given g where f.event_id = g.event_id and f.workflows <@ g.workflows
  ),
  left_over as (
    update enginejs.workflow_events_failed f
    set workflows = array(select unnest(f.workflows) except select unnest(g.workflows))
    from given g where f.event_id = g.event_id and not f.workflows <@ g.workflows
  )
  select count(*) into events from given;
  if events > 0 then
    perform enginejs.ring();
  end if;
  if runs + events > 0 then
    perform enginejs.workflow_note('redrive', of_tenant, jsonb_build_object('workflow', of_workflow, 'queue', of_queue, 'since', since, 'until', redrive_runs.until,
      'record', of_record, 'error', error_like, 'reason', reason, 'runs', runs, 'events', events, 'refused', refused));
  end if;
end
$$;
revoke execute on function enginejs.redrive_runs(text, timestamptz, timestamptz, uuid, uuid, text, int, text, text) from public;
grant execute on function enginejs.redrive_runs(text, timestamptz, timestamptz, uuid, uuid, text, int, text, text)
  to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/workflow_release_events.sql

-- Gives the relay the events that were kept for a paused workflow, for this workflow alone. Returns how many.
set role enginejs_writer;
create or replace function enginejs.workflow_release_events(workflow text) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  released int;
begin
  with kept as (
    delete from enginejs.workflow_events_held h where h.workflow = workflow_release_events.workflow returning h.event_id, h.segment
  ),
  given as (
    insert into enginejs.workflow_events_pending as p (event_id, segment, model, action, workflows)
    select e.id, e.segment, e.model, e.action, array[workflow_release_events.workflow]
    from kept k join enginejs.workflow_events e on e.id = k.event_id and e.segment = k.segment
    order by e.id
    -- It waits there for others, whose condition could not be evaluated.
    on conflict on constraint workflow_events_pending_pkey
      do update set workflows = p.workflows || excluded.workflows, next_run_at = null
    returning p.event_id
  )
  select count(*) into released from given;
  return released;
end
$$;
revoke execute on function enginejs.workflow_release_events(text) from public;
reset role;

-- sql/functions/workflow_settle_pauses.sql

-- Lets go on what the end of a pause has missed: somebody read the pause a moment before it ended, and kept an event, a run or
-- (in a build) a subscription for it a moment later. Asked every second; where nothing is kept, that is all it looks at.
-- What the beginning of a pause has missed is noticed where runs are claimed and made (workflow_claim, workflow_start_runs).
-- Returns how many runs and events go on.
set role enginejs_writer;
create or replace function enginejs.workflow_settle_pauses() returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
  events int;
begin
  update enginejs.workflow_subscriptions s set paused = false
  where s.paused and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow);
  -- From name to name by the index: of one workflow there may be millions.
  with recursive held as (
    (select h.workflow from enginejs.workflow_events_held h order by h.workflow limit 1)
    union all
    select (select h.workflow from enginejs.workflow_events_held h where h.workflow > held.workflow order by h.workflow limit 1)
    from held where held.workflow is not null
  )
  select coalesce(sum(enginejs.workflow_release_events(held.workflow)), 0) into events
  from held
  where held.workflow is not null and not exists (select from enginejs.workflow_pauses p where p.workflow = held.workflow);
  select array_agg(q.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where r.status = 'paused' and r.paused is not true
      and not exists (select from enginejs.workflow_pauses p where p.workflow = d.name)
    order by r.id
    for update of r skip locked
  ) q;
  perform enginejs.workflow_ring_for(runs);
  if events > 0 then
    perform enginejs.ring();
  end if;
  return events + coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_settle_pauses() from public;
reset role;

-- sql/functions/pause_workflow.sql

-- For operators: the workflow starts no new runs from now on, and those of it that are queued wait; what runs goes on until
-- it ends or waits, and what is being undone is undone. Its events are kept. It survives restarts and builds.
-- Returns how many queued runs wait now; null where it was paused already. Raises EJ404 for a workflow that was never built.
set role enginejs_writer;
create or replace function enginejs.pause_workflow(workflow text, reason text default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  waiting int;
begin
  perform enginejs.require_operator();
  if not exists (select from enginejs.workflow_definitions d where d.name = pause_workflow.workflow) then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  insert into enginejs.workflow_pauses (workflow, reason) values (pause_workflow.workflow, pause_workflow.reason)
  on conflict on constraint workflow_pauses_pkey do nothing;
  if not found then
    return null;
  end if;
  update enginejs.workflow_subscriptions s set paused = true where s.workflow = pause_workflow.workflow;
  with queued as (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.name = pause_workflow.workflow and r.status = 'queued' and r.paused is not false
      and r.cancel is null and r.failure is null
    -- In the order of the key, as all who lock several: no deadlocks.
    order by r.id
    for update of r
  ),
  held as (
    update enginejs.workflow_runs_active r set status = 'paused', job_id = null, since = clock_timestamp()
    from queued q where r.id = q.id
    returning r.id
  )
  select count(*) into waiting from held;
  perform enginejs.workflow_note('pause', null, jsonb_build_object('workflow', workflow, 'reason', reason, 'runs', waiting));
  return waiting;
end
$$;
revoke execute on function enginejs.pause_workflow(text, text) from public;
grant execute on function enginejs.pause_workflow(text, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/resume_workflow.sql

-- For operators: a paused workflow goes on, with the events and runs that have waited meanwhile; runs that were paused one by
-- one wait on. Its schedule counts from now. Returns how many runs go on; null where it was not paused.
set role enginejs_writer;
create or replace function enginejs.resume_workflow(workflow text, reason text default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  runs uuid[];
  events int;
begin
  perform enginejs.require_operator();
  delete from enginejs.workflow_pauses p where p.workflow = resume_workflow.workflow;
  if not found then
    if not exists (select from enginejs.workflow_definitions d where d.name = resume_workflow.workflow) then
      raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
    end if;
    return null;
  end if;
  update enginejs.workflow_subscriptions s set paused = false where s.workflow = resume_workflow.workflow;
  -- What the clock would have started meanwhile is not made up for.
  update enginejs.workflow_schedules s set next_at = enginejs.workflow_next_tick(s, clock_timestamp())
  where s.workflow = resume_workflow.workflow and s.kind <> 'datetime';
  events := enginejs.workflow_release_events(resume_workflow.workflow);
  select array_agg(q.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.name = resume_workflow.workflow and r.status = 'paused' and r.paused is not true
    order by r.id
    for update of r
  ) q;
  perform enginejs.workflow_ring_for(runs);
  perform enginejs.ring();
  perform enginejs.workflow_note('resume', null, jsonb_build_object('workflow', workflow, 'reason', reason,
    'runs', coalesce(cardinality(runs), 0), 'events', events));
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.resume_workflow(text, text) from public;
grant execute on function enginejs.resume_workflow(text, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/pause_run.sql

-- For operators: one run waits until somebody resumes it. One that is at a step goes on until it ends or waits.
-- Returns its status. Raises EJ404 for no such run, EJ409 for one that is finished.
set role enginejs_writer;
create or replace function enginejs.pause_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  reached boolean;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- Three times: it may move between the two tables meanwhile, in either direction.
  for i in 1..3 loop
    update enginejs.workflow_runs_active r
    set paused = true,
      status = case when r.status = 'queued' and r.cancel is null and r.failure is null then 'paused' else r.status end
    where r.id = run;
    reached := found;
    exit when reached;
    update enginejs.workflow_runs_parked r set paused = true where r.id = run;
    reached := found;
    exit when reached;
  end loop;
  if not reached then
    raise exception 'the run is %: there is nothing to pause', found_run.status using errcode = 'EJ409';
  end if;
  perform enginejs.workflow_note('pause', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.pause_run(uuid, text) from public;
grant execute on function enginejs.pause_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/resume_run.sql

-- For operators: one paused run goes on, also where its workflow is paused. Returns its status.
-- Raises EJ404 for no such run, EJ409 for one that is not paused.
set role enginejs_writer;
create or replace function enginejs.resume_run(run uuid, reason text default null) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_run record;
  current_status text;
  resumed boolean;
begin
  perform enginejs.require_operator();
  select r.workflow, r.status, enginejs.workflow_event_tenant(e.actor, e.before, e.after) as tenant into found_run
  from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
  where r.id = run;
  if not found then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  -- False: whatever its workflow is. Three times: it may move between the two tables meanwhile.
  for i in 1..3 loop
    update enginejs.workflow_runs_active r set paused = false
    where r.id = run and (r.paused or r.status = 'paused') returning r.status into current_status;
    resumed := found;
    exit when resumed;
    update enginejs.workflow_runs_parked r set paused = false where r.id = run and r.paused;
    resumed := found;
    exit when resumed;
  end loop;
  if not resumed then
    raise exception 'the run is %, not paused', found_run.status using errcode = 'EJ409';
  end if;
  if current_status = 'paused' then
    perform enginejs.workflow_ring_for(array[run]);
  end if;
  perform enginejs.workflow_note('resume', found_run.tenant,
    jsonb_build_object('run', run, 'workflow', found_run.workflow, 'reason', reason));
  return (select r.status from enginejs.workflow_runs r where r.id = run);
end
$$;
revoke execute on function enginejs.resume_run(uuid, text) from public;
grant execute on function enginejs.resume_run(uuid, text) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/webhook_message_id.sql

-- A message's id as receivers see it, in the header webhook-id: without full stops, which part what is signed.
set role enginejs_writer;
create or replace function enginejs.webhook_message_id(of uuid) returns text
language sql immutable parallel safe set search_path = ''
return 'msg_' || replace(of::text, '-', '');
revoke execute on function enginejs.webhook_message_id(uuid) from public;
reset role;

-- sql/functions/webhook_release.sql

-- Gives back deliveries that nobody posts any more: their worker is dead (workflow_reap has found it), or their lease is over.
-- They are posted again at once, with the same id: whether the post before has come through is not known. Returns how many.
set role enginejs_writer;
create or replace function enginejs.webhook_release() returns int
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
declare
  released int;
begin
  update enginejs.webhook_deliveries d
  set worker = null, leased_until = null, next_attempt_at = clock_timestamp(), last_error = 'its worker died while it was posted'
  where d.id in (
    select x.id from enginejs.webhook_deliveries x
    where x.worker is not null
      and (x.leased_until < clock_timestamp() or not exists (select from enginejs.workflow_workers w where w.id = x.worker))
    for update skip locked
  );
  get diagnostics released = row_count;
  return released;
end
$$;
revoke execute on function enginejs.webhook_release() from public;
reset role;

-- sql/functions/webhook_claim.sql

-- Leases due deliveries to a worker: `hands` at most. Of one endpoint no more than `per_endpoint` are posted at a time, whoever
-- posts them; of one that fails, one; and of those that fail, `failing_hands` together: dead endpoints, which take the
-- whole timeout for each post, hold up no living one.
--
-- Endpoints with something due are found by hopping through the index: the cost follows from how many endpoints have
-- something pending, not from how much they have. One claim at a time per endpoint, by an advisory lock: the count of what is
-- being posted is then true.
set role enginejs_writer;
create or replace function enginejs.webhook_claim(
  claimer int, hands int, failing_hands int, per_endpoint int, lease interval default '60 s'
) returns table (
  delivery uuid, message text, attempt int, url text, secrets text[], body text, failing boolean
)
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  now constant timestamptz := clock_timestamp();
  hands_left int := hands;
  failing_left int := failing_hands;
  found_endpoint record;
  room int;
  took int;
begin
  -- One that was declared dead gets none.
  if not exists (select from enginejs.workflow_workers w where w.id = claimer) then
    return;
  end if;
  for found_endpoint in
    with recursive due as (
      (select d.endpoint_id, d.next_attempt_at from enginejs.webhook_deliveries d
       where d.status = 'pending' and d.worker is null
       order by d.endpoint_id, d.next_attempt_at limit 1)
      union all
      select n.endpoint_id, n.next_attempt_at
      from due cross join lateral (
        select d.endpoint_id, d.next_attempt_at from enginejs.webhook_deliveries d
        where d.status = 'pending' and d.worker is null and d.endpoint_id > due.endpoint_id
        order by d.endpoint_id, d.next_attempt_at limit 1
      ) n
    )
    select n.id, n.url, n.failing_since is not null as failing,
      case when n.previous_until > now then array[n.secret, n.secret_previous] else array[n.secret] end as secrets
    from due join enginejs.webhook_endpoints n on n.id = due.endpoint_id
    where due.next_attempt_at <= now and n.enabled
    order by n.failing_since is not null, due.next_attempt_at
  loop
    exit when hands_left <= 0;
    continue when found_endpoint.failing and failing_left <= 0;
    continue when not pg_try_advisory_xact_lock(7714008, hashtext(found_endpoint.id::text));
    select case when found_endpoint.failing then least(1 - count(*), failing_left) else least(per_endpoint - count(*), hands_left) end
    into room
    from enginejs.webhook_deliveries d where d.endpoint_id = found_endpoint.id and d.worker is not null;
    continue when room <= 0;
    return query
      with mine as (
        update enginejs.webhook_deliveries d
        set worker = claimer, leased_until = now + lease, attempts = d.attempts + 1, last_attempt_at = now
        where d.id = any (array(
          select x.id from enginejs.webhook_deliveries x
          where x.endpoint_id = found_endpoint.id and x.status = 'pending' and x.worker is null and x.next_attempt_at <= now
          order by x.next_attempt_at
          limit room
          for update skip locked
        ))
        returning d.id, d.message_id, d.attempts
      )
      select m.id, enginejs.webhook_message_id(m.message_id), m.attempts, found_endpoint.url, found_endpoint.secrets, b.body,
        found_endpoint.failing
      from mine m join enginejs.webhook_messages b on b.id = m.message_id;
    get diagnostics took = row_count;
    hands_left := hands_left - took;
    if found_endpoint.failing then
      failing_left := failing_left - took;
    end if;
  end loop;
end
$$;
revoke execute on function enginejs.webhook_claim(int, int, int, int, interval) from public;
reset role;

-- sql/functions/webhook_record.sql

-- Records an attempt at a delivery, by the worker that holds its lease; `http_status` is null where there was no answer.
-- Returns what the delivery is now, or `lost` where another worker has it.
--
-- A failure is followed by another attempt after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 hours, each a tenth more or less; not
-- sooner than the answer's Retry-After asks for, up to a day. Then it is a dead letter. 410 switches the endpoint off; so
-- does a failure 5 days after the first one since the last success, of a delivery that was tried three times at
-- least: one failure after quiet days is no reason.
--
-- The endpoint's row first, then the delivery's: as whoever switches it off or deletes it. A success of one that does not fail
-- leaves the endpoint alone.
set role enginejs_writer;
create or replace function enginejs.webhook_record(
  delivery uuid, claimer int, attempt int, http_status int, error text, duration_ms int, answer text, retry_after_s int
) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  now constant timestamptz := clock_timestamp();
  waits constant int[] := '{5,300,1800,7200,18000,36000,50400,72000,86400}';
  succeeded constant boolean := coalesce(http_status between 200 and 299, false);
  gone constant boolean := coalesce(http_status = 410, false);
  of_endpoint uuid;
  is_on boolean;
  becomes text;
begin
  select d.endpoint_id, n.enabled into of_endpoint, is_on
  from enginejs.webhook_deliveries d join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  where d.id = delivery and d.worker = claimer and d.attempts = attempt;
  if not found then
    return 'lost';
  end if;
  if succeeded then
    update enginejs.webhook_endpoints n set failing_since = null where n.id = of_endpoint and n.failing_since is not null;
  else
    update enginejs.webhook_endpoints n
    set failing_since = coalesce(n.failing_since, now),
      enabled = not (gone or coalesce(n.failing_since < now - interval '5 days', false) and attempt >= 3),
      disabled_reason = case
        when gone then 'gone'
        when n.failing_since < now - interval '5 days' and attempt >= 3 then 'failing' end
    where n.id = of_endpoint and n.enabled
      and (n.failing_since is null or gone or n.failing_since < now - interval '5 days' and attempt >= 3);
    select n.enabled into is_on from enginejs.webhook_endpoints n where n.id = of_endpoint;
  end if;
  becomes := case
    when succeeded then 'delivered'
    when gone or not is_on or attempt > cardinality(waits) then 'failed'
    else 'pending' end;
  update enginejs.webhook_deliveries d
  set status = becomes, worker = null, leased_until = null,
    next_attempt_at = case when becomes = 'pending'
      then now + greatest(waits[attempt] * (0.9 + 0.2 * random()), least(coalesce(retry_after_s, 0), 86400)) * interval '1 s'
      else d.next_attempt_at end,
    finished_at = case when becomes <> 'pending' then now end,
    last_status = http_status, last_error = left(webhook_record.error, 500), last_duration_ms = duration_ms,
    last_answer = answer
  where d.id = delivery and d.worker = claimer and d.attempts = attempt;
  return case when found then becomes else 'lost' end;
end
$$;
revoke execute on function enginejs.webhook_record(uuid, int, int, int, text, int, text, int) from public;
reset role;

-- sql/functions/webhook_switched_off.sql

-- Row trigger: what waits for an endpoint that is switched off becomes a dead letter, so that nothing waits unseen; once the
-- endpoint is on again, redeliver_failed_webhooks brings it. What is being posted goes on. A large
-- crowd is left to webhook_maintain(): a request has not the time.
set role enginejs_writer;
create or replace function enginejs.webhook_switched_off() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  update enginejs.webhook_deliveries d
  set status = 'failed', finished_at = clock_timestamp(), last_error = coalesce(d.last_error, 'the endpoint was switched off')
  where d.id = any (array(
    select x.id from enginejs.webhook_deliveries x
    where x.endpoint_id = new.id and x.status = 'pending' and x.worker is null
    limit 10000
  ));
  return null;
end
$$;
revoke execute on function enginejs.webhook_switched_off() from public;

create or replace trigger webhook_switched_off after update of enabled on enginejs.webhook_endpoints
  for each row when (old.enabled and not new.enabled and new.deleted_at is null) execute function enginejs.webhook_switched_off();
reset role;

-- sql/functions/webhook_maintain.sql

-- Forgets deliveries that are older than they are kept for or whose endpoint was deleted, and with the last delivery of an event its body; a batch at a time,
-- called again and again. Returns how many rows went. Also ends what waits for an endpoint that was switched off: what the
-- relay has made meanwhile, and what were too many to be ended at once.
set role enginejs_writer;
create or replace function enginejs.webhook_maintain(keep_done interval, keep_failed interval, batch int default 5000) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  gone uuid[];
  messages int;
begin
  update enginejs.webhook_deliveries d
  set status = 'failed', finished_at = clock_timestamp(), last_error = coalesce(d.last_error, 'the endpoint was switched off')
  where d.id = any (array(
    select x.id from enginejs.webhook_endpoints n join enginejs.webhook_deliveries x on x.endpoint_id = n.id
    where not n.enabled and n.deleted_at is null and x.status = 'pending' and x.worker is null
    limit batch
    for update of x skip locked
  ));

  with old as (
    delete from enginejs.webhook_deliveries d
    where d.id = any (array(
      (select x.id from enginejs.webhook_deliveries x
       where x.status = 'delivered' and x.finished_at < clock_timestamp() - keep_done
       order by x.finished_at limit batch for update skip locked)
    ) || array(
      (select x.id from enginejs.webhook_deliveries x
       where x.status = 'failed' and x.finished_at < clock_timestamp() - keep_failed
       order by x.finished_at limit batch for update skip locked)
    ) || array(
      (select x.id from enginejs.webhook_endpoints n
       join enginejs.webhook_deliveries x on x.tenant_id = n.tenant_id and x.endpoint_id = n.id
       where n.deleted_at is not null limit batch for update of x skip locked)
    ))
    returning d.message_id
  )
  select array_agg(old.message_id) into gone from old;

  delete from enginejs.webhook_endpoints n
  where n.deleted_at is not null
    and not exists (select from enginejs.webhook_deliveries d where d.tenant_id = n.tenant_id and d.endpoint_id = n.id);

  delete from enginejs.webhook_messages m
  where (m.id = any (gone)
    -- What was left where an endpoint was deleted by hand, its deliveries with it.
    or m.id = any (array(
      select x.id from enginejs.webhook_messages x
      where x.created_at < clock_timestamp() - greatest(keep_done, keep_failed) order by x.created_at limit batch)))
    and not exists (select from enginejs.webhook_deliveries d where d.tenant_id = m.tenant_id and d.message_id = m.id);
  get diagnostics messages = row_count;
  return coalesce(cardinality(gone), 0) + messages;
end
$$;
revoke execute on function enginejs.webhook_maintain(interval, interval, int) from public;
reset role;

-- sql/functions/webhook_note.sql

-- A line of the administration log about webhooks, in the transaction that does it.
set role enginejs_writer;
create or replace function enginejs.webhook_note(verb text, tenant uuid, detail jsonb) returns void
language sql volatile set search_path = ''
as $$
  select enginejs.record_administration('webhook.' || verb, null, tenant,
    jsonb_strip_nulls(detail || jsonb_build_object('by', case when current_setting('role') = 'enginejs_user' then enginejs.actor_id() end)))
$$;
revoke execute on function enginejs.webhook_note(text, uuid, jsonb) from public;
reset role;

-- sql/functions/webhook_endpoint_changed.sql

-- Row trigger: what is done to endpoints is a line of the administration log, whoever does it: a manager, whoever builds, a worker that
-- switches one off, or somebody by hand. Secrets are in no line; that one was changed is.
set role enginejs_writer;
create or replace function enginejs.webhook_endpoint_changed() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  hidden constant text[] := '{secret,secret_previous,previous_until,failing_since,created_at,updated_at,deleted_at,tenant_id}';
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - hidden end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - hidden end;
begin
  if tg_op = 'INSERT' then
    perform enginejs.webhook_note('create', new.tenant_id, after);
  elsif tg_op = 'UPDATE' and new.deleted_at is not null then
    if old.deleted_at is null then
      perform enginejs.webhook_note('delete', old.tenant_id, before);
    end if;
  elsif tg_op = 'DELETE' and old.deleted_at is not null then
    return null;
  elsif tg_op = 'DELETE' then
    perform enginejs.webhook_note('delete', old.tenant_id, before);
  else
    if new.secret <> old.secret then
      perform enginejs.webhook_note('rotate', new.tenant_id,
        jsonb_build_object('id', new.id, 'url', new.url, 'previousUntil', new.previous_until));
    end if;
    if after is distinct from before then
      perform enginejs.webhook_note(
        case when old.enabled and not new.enabled then 'disable' when new.enabled and not old.enabled then 'enable' else 'change' end,
        new.tenant_id, jsonb_build_object('before', before, 'after', after));
    end if;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.webhook_endpoint_changed() from public;

create or replace trigger webhook_endpoint_changed
  after insert or delete or update of url, events, description, enabled, disabled_reason, secret on enginejs.webhook_endpoints
  for each row execute function enginejs.webhook_endpoint_changed();
reset role;

-- sql/functions/webhook_reach.sql

-- The tenant whose webhooks the caller manages; null for every tenant. Refuses (42501) whoever manages none. May: a
-- member of the tenant, a person or a service account, with one of the roles that the config names, now; and whoever builds, for the
-- tenant that he names or for all.
--
-- Called first by each function for managers. `role` stays what begin_request set also inside definers' functions.
set role enginejs_writer;
create or replace function enginejs.webhook_reach(of_tenant uuid default null) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  acting constant text := current_setting('role');
  own uuid;
begin
  if acting = 'enginejs_user' then
    own := enginejs.tenant_id();
    if own is not null and (of_tenant is null or of_tenant = own)
      and exists (select from enginejs.webhook_settings s where s.managers && enginejs.actor_roles()) then
      return own;
    end if;
  elsif acting not in ('enginejs_anonymous', 'enginejs_system', 'enginejs_action')
    and pg_has_role(case acting when 'none' then session_user else acting::name end, 'enginejs_owner', 'usage') then
    return of_tenant;
  end if;
  raise exception 'webhooks are managed by members with a role for it' using errcode = 'insufficient_privilege';
end
$$;
revoke execute on function enginejs.webhook_reach(uuid) from public;
reset role;

-- sql/functions/webhook_find.sql

-- The endpoint, locked, where the caller manages it; else EJ404, as for one that is not there.
set role enginejs_writer;
create or replace function enginejs.webhook_find(endpoint uuid) returns enginejs.webhook_endpoints
language plpgsql volatile set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach();
  found_endpoint enginejs.webhook_endpoints;
begin
  select n.* into found_endpoint from enginejs.webhook_endpoints n
  where n.id = endpoint and n.deleted_at is null and (reach is null or n.tenant_id = reach)
  for no key update;
  if not found then
    raise exception 'there is no webhook endpoint %', endpoint using errcode = 'EJ404';
  end if;
  return found_endpoint;
end
$$;
revoke execute on function enginejs.webhook_find(uuid) from public;
reset role;

-- sql/functions/webhook_describe_endpoint.sql

-- An endpoint for those who manage it: everything but what signs.
set role enginejs_writer;
create or replace function enginejs.webhook_describe_endpoint(of enginejs.webhook_endpoints) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'id', (of).id, 'tenant', (of).tenant_id, 'url', (of).url, 'events', to_jsonb((of).events), 'description', (of).description,
  'enabled', (of).enabled, 'disabledReason', (of).disabled_reason, 'failingSince', (of).failing_since,
  'previousSecretUntil', case when (of).previous_until > clock_timestamp() then (of).previous_until end,
  'createdAt', (of).created_at, 'updatedAt', (of).updated_at
);
revoke execute on function enginejs.webhook_describe_endpoint(enginejs.webhook_endpoints) from public;
reset role;

-- sql/functions/webhook_describe_delivery.sql

-- A delivery for those who manage its endpoint.
set role enginejs_writer;
create or replace function enginejs.webhook_describe_delivery(of uuid) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'id', d.id, 'tenant', d.tenant_id, 'endpoint', d.endpoint_id, 'url', n.url,
    -- As the header webhook-id has it.
    'messageId', enginejs.webhook_message_id(d.message_id), 'type', m.type, 'eventId', m.event_id::text, 'body', m.body,
    'status', d.status, 'attempts', d.attempts,
    'nextAttemptAt', case when d.status = 'pending' then d.next_attempt_at end,
    'lastAttemptAt', d.last_attempt_at, 'lastStatus', d.last_status, 'lastError', d.last_error,
    'lastDurationMs', d.last_duration_ms, 'lastAnswer', d.last_answer,
    'createdAt', d.created_at, 'finishedAt', d.finished_at
  )
  from enginejs.webhook_deliveries d
  join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  join enginejs.webhook_messages m on m.id = d.message_id
  where d.id = of
);
revoke execute on function enginejs.webhook_describe_delivery(uuid) from public;
reset role;

-- sql/functions/webhook_new_secret.sql

-- A secret that signs: `whsec_` and base64 of 32 bytes, made of three random uuids of 122 bits each.
set role enginejs_writer;
create or replace function enginejs.webhook_new_secret() returns text
language sql volatile set search_path = ''
return 'whsec_' || encode(
  sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64');
revoke execute on function enginejs.webhook_new_secret() from public;
reset role;

-- sql/functions/webhook_check.sql

-- Refuses (EJ422) what no endpoint can have. Only the form of the URL is looked at here: where its name leads is asked when it is
-- posted to, each time, because that changes. Without TLS only hosts that the config names.
set role enginejs_writer;
create or replace function enginejs.webhook_check(url text, events text[], description text) returns void
language plpgsql stable set search_path = ''
as $$
declare
  parts constant text[] := regexp_match(url,
    '^(https?)://(\[[0-9a-f:.]{2,45}\]|[^]:/?#@\\[]{1,253})(?::[0-9]{1,5})?(?:[/?][^#\\]*)?$', 'i');
  unknown text;
begin
  if parts is null or length(url) > 2048 or url !~ '^[\x21-\x7e]+$' then
    raise exception 'the URL is no https URL: https://host/path, at most 2048 characters of ASCII, without a user, password or fragment'
      using errcode = 'EJ422';
  end if;
  if lower(parts[1]) <> 'https' and not exists (
    select from enginejs.webhook_settings s where lower(btrim(parts[2], '[]')) = any (s.private_hosts)
  ) then
    raise exception 'the URL must begin with https' using errcode = 'EJ422';
  end if;
  if events = '{}' then
    raise exception 'an endpoint chooses one event at least; none said: all' using errcode = 'EJ422';
  end if;
  select coalesce(e.type, 'null') into unknown
  from unnest(events) as e (type)
  where e.type is null or e.type not in (select w.type from enginejs.webhook_events w)
  limit 1;
  if found then
    raise exception 'there is no event "%"; offered are: %', left(unknown, 100),
      coalesce((select string_agg(w.type, ', ' order by w.type) from enginejs.webhook_events w), 'none')
      using errcode = 'EJ422';
  end if;
  if length(description) > 500 then
    raise exception 'the description has more than 500 characters' using errcode = 'EJ422';
  end if;
end
$$;
revoke execute on function enginejs.webhook_check(text, text[], text) from public;
reset role;

-- sql/functions/webhook_event_types.sql

-- For managers: the events that endpoints may choose.
set role enginejs_writer;
create or replace function enginejs.webhook_event_types() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform enginejs.webhook_reach();
  return coalesce((select jsonb_agg(w.type order by w.type) from enginejs.webhook_events w), '[]');
end
$$;
revoke execute on function enginejs.webhook_event_types() from public;
grant execute on function enginejs.webhook_event_types() to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/list_webhook_endpoints.sql

-- For managers: the endpoints of their tenant, by URL.
set role enginejs_writer;
create or replace function enginejs.list_webhook_endpoints(of_tenant uuid default null) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
begin
  return query
    select enginejs.webhook_describe_endpoint(n) from enginejs.webhook_endpoints n
    where n.deleted_at is null and (reach is null or n.tenant_id = reach)
    order by n.url, n.id;
end
$$;
revoke execute on function enginejs.list_webhook_endpoints(uuid) from public;
grant execute on function enginejs.list_webhook_endpoints(uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/create_webhook_endpoint.sql

-- For managers: a new endpoint. `events` null: all that are offered. Returns it with its secret, this once.
-- Raises EJ422 for what cannot be one, EJ409 where the tenant has 100 already.
set role enginejs_writer;
create or replace function enginejs.create_webhook_endpoint(
  url text, events text[] default null, description text default null, of_tenant uuid default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
  made enginejs.webhook_endpoints;
begin
  if reach is null then
    raise exception 'an endpoint belongs to a tenant' using errcode = 'EJ422';
  end if;
  if url is null then
    raise exception 'an endpoint has a URL' using errcode = 'EJ422';
  end if;
  perform enginejs.webhook_check(url, events, description);
  if (select count(*) >= 100 from enginejs.webhook_endpoints n where n.tenant_id = reach and n.deleted_at is null) then
    raise exception 'a tenant has 100 endpoints at most' using errcode = 'EJ409';
  end if;
  insert into enginejs.webhook_endpoints (tenant_id, url, events, description, secret)
  values (reach, url, (select array_agg(distinct e.type order by e.type) from unnest(events) as e (type)),
    nullif(description, ''), enginejs.webhook_new_secret())
  returning * into made;
  return enginejs.webhook_describe_endpoint(made) || jsonb_build_object('secret', made.secret);
end
$$;
revoke execute on function enginejs.create_webhook_endpoint(text, text[], text, uuid) from public;
grant execute on function enginejs.create_webhook_endpoint(text, text[], text, uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/update_webhook_endpoint.sql

-- For managers: changes what `change` has of `url`, `events` (null: all), `description`, `enabled`; the rest stays. One that
-- is switched on again begins without its failures; what became a dead letter meanwhile, redeliver_failed_webhooks brings.
-- Raises EJ404, and EJ422 for what no endpoint can have.
set role enginejs_writer;
create or replace function enginejs.update_webhook_endpoint(endpoint uuid, change jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  chosen text[] := found_endpoint.events;
begin
  if change ? 'events' then
    if jsonb_typeof(change -> 'events') not in ('array', 'null') then
      raise exception 'events is a list of names, or null for all' using errcode = 'EJ422';
    end if;
    select array_agg(distinct e.type order by e.type) into chosen
    from jsonb_array_elements_text(case jsonb_typeof(change -> 'events') when 'array' then change -> 'events' end) as e (type);
    if change -> 'events' = '[]' then
      chosen := '{}';
    end if;
  end if;
  if change ? 'url' and change ->> 'url' is null or change ? 'enabled' and jsonb_typeof(change -> 'enabled') <> 'boolean' then
    raise exception 'an endpoint has a URL, and is enabled or not' using errcode = 'EJ422';
  end if;
  perform enginejs.webhook_check(
    coalesce(change ->> 'url', found_endpoint.url), case when change ? 'events' then chosen end, change ->> 'description');
  update enginejs.webhook_endpoints n
  set url = coalesce(change ->> 'url', n.url),
    events = chosen,
    description = case when change ? 'description' then nullif(change ->> 'description', '') else n.description end,
    enabled = x.enabled,
    disabled_reason = case when not x.enabled then coalesce(n.disabled_reason, 'manual') end,
    failing_since = case when n.enabled then n.failing_since end,
    updated_at = clock_timestamp()
  from (select coalesce((change -> 'enabled')::boolean, found_endpoint.enabled) as enabled) x
  where n.id = endpoint
  returning n.* into found_endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint);
end
$$;
revoke execute on function enginejs.update_webhook_endpoint(uuid, jsonb) from public;
grant execute on function enginejs.update_webhook_endpoint(uuid, jsonb) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/delete_webhook_endpoint.sql

-- For managers: an endpoint goes, with its deliveries: nobody sees it any more, its secrets are gone, and the rows are taken
-- away by webhook_maintain(). Returns what it was. Raises EJ404.
set role enginejs_writer;
create or replace function enginejs.delete_webhook_endpoint(endpoint uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
begin
  update enginejs.webhook_endpoints n
  set enabled = false, disabled_reason = 'deleted', deleted_at = clock_timestamp(),
    secret = '', secret_previous = null, previous_until = null
  where n.id = endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint);
end
$$;
revoke execute on function enginejs.delete_webhook_endpoint(uuid) from public;
grant execute on function enginejs.delete_webhook_endpoint(uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/rotate_webhook_secret.sql

-- For managers: a new secret, returned with the endpoint this once. The one before signs as well for so many hours, a day
-- unless said, a week at most; 0 where it has leaked. Raises EJ404, EJ422.
set role enginejs_writer;
create or replace function enginejs.rotate_webhook_secret(endpoint uuid, keep_hours int default 24) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  hours constant int := coalesce(keep_hours, 24);
begin
  if hours not between 0 and 168 then
    raise exception 'the old secret counts for 0 to 168 hours more' using errcode = 'EJ422';
  end if;
  update enginejs.webhook_endpoints n
  set secret = enginejs.webhook_new_secret(),
    secret_previous = case when hours > 0 then n.secret end,
    previous_until = case when hours > 0 then clock_timestamp() + hours * interval '1 hour' end,
    updated_at = clock_timestamp()
  where n.id = endpoint
  returning n.* into found_endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint) || jsonb_build_object('secret', found_endpoint.secret);
end
$$;
revoke execute on function enginejs.rotate_webhook_secret(uuid, int) from public;
grant execute on function enginejs.rotate_webhook_secret(uuid, int) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/list_webhook_deliveries.sql

-- For managers: deliveries of their tenant, the newest first, one page. `after`: the last one of the page before.
set role enginejs_writer;
create or replace function enginejs.list_webhook_deliveries(
  of_endpoint uuid default null, in_status text default null, since timestamptz default null, of_tenant uuid default null,
  first int default 50, after uuid default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach(of_tenant);
begin
  return query
    select enginejs.webhook_describe_delivery(d.id)
    from enginejs.webhook_deliveries d
    join enginejs.webhook_endpoints n on n.id = d.endpoint_id and n.deleted_at is null
    where (reach is null or d.tenant_id = reach)
      and (of_endpoint is null or d.endpoint_id = of_endpoint)
      and (in_status is null or d.status = in_status)
      and (list_webhook_deliveries.since is null or d.created_at >= list_webhook_deliveries.since)
      and (list_webhook_deliveries.after is null or (d.created_at, d.id) < (
        select x.created_at, x.id from enginejs.webhook_deliveries x where x.id = list_webhook_deliveries.after))
    order by d.created_at desc, d.id desc
    limit least(greatest(coalesce(first, 50), 0), 1000);
end
$$;
revoke execute on function enginejs.list_webhook_deliveries(uuid, text, timestamptz, uuid, int, uuid) from public;
grant execute on function enginejs.list_webhook_deliveries(uuid, text, timestamptz, uuid, int, uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/redeliver_webhook.sql

-- For managers: a delivery is posted again at once, with the same id and body and all its attempts before it: a dead letter, one that
-- has succeeded, or one that waits for its next attempt. Raises EJ404, and EJ409 where its endpoint is off or it is being posted.
set role enginejs_writer;
create or replace function enginejs.redeliver_webhook(delivery uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  reach constant uuid := enginejs.webhook_reach();
  found_delivery record;
begin
  select d.id, d.tenant_id, d.endpoint_id, n.enabled into found_delivery
  from enginejs.webhook_deliveries d join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  where d.id = delivery and n.deleted_at is null and (reach is null or d.tenant_id = reach)
  for no key update of n;
  if not found then
    raise exception 'there is no delivery %', delivery using errcode = 'EJ404';
  end if;
  if not found_delivery.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  update enginejs.webhook_deliveries d
  set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), finished_at = null
  where d.id = delivery and d.worker is null;
  if not found then
    raise exception 'the delivery is being posted' using errcode = 'EJ409';
  end if;
  perform enginejs.webhook_note('redeliver', found_delivery.tenant_id,
    jsonb_build_object('delivery', delivery, 'endpoint', found_delivery.endpoint_id));
  return enginejs.webhook_describe_delivery(delivery);
end
$$;
revoke execute on function enginejs.redeliver_webhook(uuid) from public;
grant execute on function enginejs.redeliver_webhook(uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/redeliver_failed_webhooks.sql

-- For managers: the dead letters of an endpoint are posted again, those that failed since then or all, the oldest first: 10,000 per
-- call. Returns how many. Raises EJ404, and EJ409 where the endpoint is off.
set role enginejs_writer;
create or replace function enginejs.redeliver_failed_webhooks(endpoint uuid, since timestamptz default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  redelivered int;
begin
  if not found_endpoint.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  update enginejs.webhook_deliveries d
  set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp() + x.place * interval '1 us', finished_at = null
  from (
    select l.id, row_number() over (order by l.finished_at) as place
    from (
      select f.id, f.finished_at from enginejs.webhook_deliveries f
      where f.endpoint_id = endpoint and f.status = 'failed' and (since is null or f.finished_at >= since)
      order by f.finished_at
      limit 10000
      for update skip locked
    ) l
  ) x
  where d.id = x.id;
  get diagnostics redelivered = row_count;
  perform enginejs.webhook_note('redeliver', found_endpoint.tenant_id,
    jsonb_build_object('endpoint', endpoint, 'since', since, 'deliveries', redelivered));
  return redelivered;
end
$$;
revoke execute on function enginejs.redeliver_failed_webhooks(uuid, timestamptz) from public;
grant execute on function enginejs.redeliver_failed_webhooks(uuid, timestamptz) to enginejs_owner, enginejs_user;
reset role;

-- sql/functions/send_test_webhook.sql

-- For managers: a message of the type `webhook.test` goes to the endpoint, as any other. Returns the delivery. Raises EJ404, and EJ409
-- where the endpoint is off, or was tested ten times in the last minute.
set role enginejs_writer;
create or replace function enginejs.send_test_webhook(endpoint uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  made uuid;
begin
  if not found_endpoint.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  if (
    select count(*) >= 10 from enginejs.webhook_deliveries d join enginejs.webhook_messages m on m.id = d.message_id
    where d.tenant_id = found_endpoint.tenant_id and d.endpoint_id = endpoint and d.created_at > clock_timestamp() - interval '1 minute' and m.event_id is null
  ) then
    raise exception 'ten tests a minute are enough' using errcode = 'EJ409';
  end if;
  with message as (
    insert into enginejs.webhook_messages (tenant_id, type, body)
    values (found_endpoint.tenant_id, 'webhook.test',
      enginejs.webhook_body('webhook.test', clock_timestamp(), jsonb_build_object('endpoint', endpoint)))
    returning id
  )
  insert into enginejs.webhook_deliveries as d (tenant_id, endpoint_id, message_id)
  select found_endpoint.tenant_id, endpoint, m.id from message m
  returning d.id into made;
  perform enginejs.webhook_note('test', found_endpoint.tenant_id, jsonb_build_object('endpoint', endpoint));
  return enginejs.webhook_describe_delivery(made);
end
$$;
revoke execute on function enginejs.send_test_webhook(uuid) from public;
grant execute on function enginejs.send_test_webhook(uuid) to enginejs_owner, enginejs_user;
reset role;

-- sql/rls/webhook_access.sql

-- The tables of webhooks belong to enginejs_writer, which the worker's login inherits. Actors get nothing: no grant, so
-- no policy is needed; what they may see and do of their own tenant, definers' functions show and do. Whoever builds may look,
-- but not at what signs.
set role enginejs_writer;
revoke all on
  enginejs.webhook_events, enginejs.webhook_settings, enginejs.webhook_endpoints, enginejs.webhook_messages, enginejs.webhook_deliveries
from public;
grant select on enginejs.webhook_events, enginejs.webhook_settings, enginejs.webhook_messages, enginejs.webhook_deliveries
to enginejs_owner;
grant select (
  id, tenant_id, url, events, description, enabled, disabled_reason, failing_since, previous_until, created_at, updated_at
) on enginejs.webhook_endpoints to enginejs_owner;
reset role;

-- sql/functions/workflow_metrics.sql

-- What the database knows of workflows, as Prometheus reads it: for the worker's and the server's /metrics, and for psql.
-- Labels are names of the model and states; nothing of a tenant. Each figure is of the whole database: of several that are
-- scraped, take one (`max`), do not add.
set role enginejs_writer;
create or replace function enginejs.workflow_metrics() returns text
language sql stable security definer set search_path = ''
as $$
  with figure (name, help, labels, value) as (
    select 'enginejs_workflow_events_pending', 'Events that wait for the relay.', '', count(*)::numeric
    from enginejs.workflow_events_pending
    union all
    select 'enginejs_workflow_relay_lag_seconds', 'Age of the oldest event that waits for the relay.', '', coalesce((
      select extract(epoch from clock_timestamp() - e.created_at)
      from (
        select p.event_id, p.segment from enginejs.workflow_events_pending p
        where p.next_run_at is null order by p.event_id limit 1
      ) oldest
      join enginejs.workflow_events e on e.id = oldest.event_id and e.segment = oldest.segment), 0)
    union all
    select 'enginejs_workflow_queue_age_seconds', 'How long the run that has waited longest for a worker has waited.', '',
      coalesce((
        select extract(epoch from clock_timestamp() - min(r.since)) from enginejs.workflow_runs_active r
        where r.status = 'queued'), 0)
    union all
    select 'enginejs_workflow_runs', 'Runs that are not finished, by workflow and status.',
      format('{workflow="%s",status="%s"}', replace(replace(r.name, '\', '\\'), '"', '\"'), r.status), r.runs
    from (
      select d.name, x.status, sum(x.runs) as runs
      from (
        select a.definition_id, enginejs.workflow_run_status(a.status, false, a.failure, a.paused) as status, count(*) as runs
        from enginejs.workflow_runs_active a group by 1, 2
        union all
        select p.definition_id, enginejs.workflow_run_status(p.status, true, p.failure, p.paused), count(*)
        from enginejs.workflow_runs_parked p group by 1, 2
      ) x
      join enginejs.workflow_definitions d on d.id = x.definition_id
      group by d.name, x.status
    ) r
    union all
    select 'enginejs_workflow_dead_letters', 'Runs that failed for good and are kept, by workflow.',
      format('{workflow="%s"}', replace(replace(r.name, '\', '\\'), '"', '\"')), r.runs
    from (
      select d.name, sum(f.runs) as runs
      from (
        select definition_id, count(*) as runs from enginejs.workflow_runs_finished where status = 'failed' group by 1
      ) f
      join enginejs.workflow_definitions d on d.id = f.definition_id
      group by d.name
    ) r
    union all
    select 'enginejs_workflow_events_failed', 'Events whose conditions could not be evaluated.', '', count(*)
    from enginejs.workflow_events_failed
    union all
    select 'enginejs_workflow_paused', 'Workflows that are paused.',
      format('{workflow="%s"}', replace(replace(p.workflow, '\', '\\'), '"', '\"')), 1
    from enginejs.workflow_pauses p
    union all
    select 'enginejs_workflow_queue_depth', 'Messages of a queue that are not done, once for each workflow that receives them.',
      format('{queue="%s"}', replace(replace(q.name, '\', '\\'), '"', '\"')), coalesce(w.messages, 0)
    from enginejs.workflow_queues q left join enginejs.workflow_queue_backlog w on w.queue = q.name
    union all
    select 'enginejs_workflow_queue_message_age_seconds', 'Age of the oldest message of a queue that is not done.',
      format('{queue="%s"}', replace(replace(q.name, '\', '\\'), '"', '\"')),
      coalesce(extract(epoch from clock_timestamp() - w.oldest_at), 0)
    from enginejs.workflow_queues q left join enginejs.workflow_queue_backlog w on w.queue = q.name
    union all
    select 'enginejs_webhook_deliveries_pending', 'Deliveries of webhooks that wait for their next attempt, or are being posted.', '', count(*)
    from enginejs.webhook_deliveries w where w.status = 'pending'
    union all
    select 'enginejs_webhook_delivery_lag_seconds', 'How long the delivery that is most overdue has been due, of endpoints that are on and do not fail.', '',
      coalesce((
        select extract(epoch from clock_timestamp() - min(w.next_attempt_at))
        from enginejs.webhook_deliveries w join enginejs.webhook_endpoints n on n.id = w.endpoint_id
        where w.status = 'pending' and w.worker is null and w.next_attempt_at < clock_timestamp()
          and n.enabled and n.failing_since is null), 0)
    union all
    select 'enginejs_webhook_dead_letters', 'Deliveries of webhooks that failed for good and are kept.', '', count(*)
    from enginejs.webhook_deliveries w where w.status = 'failed'
    union all
    select 'enginejs_webhook_endpoints', 'Endpoints of webhooks, by whether they are well, fail, or are off.', format('{status="%s"}', x.status), x.endpoints
    from (
      select case when not n.enabled then 'off' when n.failing_since is not null then 'failing' else 'well' end as status, count(*) as endpoints
      from enginejs.webhook_endpoints n where n.deleted_at is null group by 1
    ) x
    union all
    select 'enginejs_workflow_workers', 'Workers that are alive by their heartbeats.', '', count(*)
    from enginejs.workflow_workers w where w.heartbeat_at > clock_timestamp() - interval '15 s'
    union all
    select 'enginejs_workflow_worker_heartbeat_age_seconds', 'Since a worker was heard of last.',
      format('{worker="%s"}', w.id), extract(epoch from clock_timestamp() - w.heartbeat_at)
    from enginejs.workflow_workers w
    union all
    select 'enginejs_workflow_relay_leading', 'Whether a relay leads: 1, or 0.', '',
      (exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.classid = 7714001 and l.objid = 0 and l.granted
          and l.database = (select d.oid from pg_database d where d.datname = current_database())))::int
  )
  select string_agg(m.text, '' order by m.name)
  from (
    select f.name, format(E'# HELP %1$s %2$s\n# TYPE %1$s gauge\n', f.name, max(f.help))
      || string_agg(format(E'%s%s %s\n', f.name, f.labels, trim_scale(round(f.value, 3))), '' order by f.labels) as text
    from figure f group by f.name
  ) m
$$;
revoke execute on function enginejs.workflow_metrics() from public;
grant execute on function enginejs.workflow_metrics() to enginejs_owner;
reset role;

-- sql/rls/workflow_access.sql

-- The tables of workflows belong to enginejs_writer, which the worker's login inherits. Actors get nothing: no
-- grant, so no policy is needed. Events hold the rows of every tenant; enginejs_system, which may read those anyway,
-- evaluates the conditions of triggers over them. Whoever builds may look.
set role enginejs_writer;
revoke all on
  enginejs.workflow_segments, enginejs.workflow_events, enginejs.workflow_events_pending, enginejs.workflow_events_failed,
  enginejs.workflow_definitions, enginejs.workflow_subscriptions, enginejs.workflow_runs_active, enginejs.workflow_runs_parked,
  enginejs.workflow_waits, enginejs.workflow_signals, enginejs.workflow_pauses, enginejs.workflow_events_held,
  enginejs.workflow_schedules, enginejs.workflow_ticks, enginejs.workflow_moments, enginejs.workflow_triggers,
  enginejs.workflow_deliveries, enginejs.workflow_turns, enginejs.workflow_turn_starts,
  enginejs.workflow_queues, enginejs.workflow_messages_kept, enginejs.workflow_queue_backlog,
  enginejs.workflow_runs_finished, enginejs.workflow_run_steps, enginejs.workflow_workers,
  enginejs.workflow_runs, enginejs.workflow_events_outbox, enginejs.workflow_dead_letters
from public;
grant select on enginejs.workflow_events to enginejs_system;
grant select on
  enginejs.workflow_segments, enginejs.workflow_events, enginejs.workflow_events_pending, enginejs.workflow_events_failed,
  enginejs.workflow_definitions, enginejs.workflow_subscriptions, enginejs.workflow_runs_active, enginejs.workflow_runs_parked,
  enginejs.workflow_waits, enginejs.workflow_signals, enginejs.workflow_pauses, enginejs.workflow_events_held,
  enginejs.workflow_schedules, enginejs.workflow_ticks, enginejs.workflow_moments, enginejs.workflow_triggers,
  enginejs.workflow_deliveries, enginejs.workflow_turns, enginejs.workflow_turn_starts,
  enginejs.workflow_queues, enginejs.workflow_messages_kept, enginejs.workflow_queue_backlog,
  enginejs.workflow_runs_finished, enginejs.workflow_run_steps, enginejs.workflow_workers,
  enginejs.workflow_runs, enginejs.workflow_events_outbox, enginejs.workflow_dead_letters
to enginejs_owner;
reset role;
