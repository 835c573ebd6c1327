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
