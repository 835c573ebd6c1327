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
