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
