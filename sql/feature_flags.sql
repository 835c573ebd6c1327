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
