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
