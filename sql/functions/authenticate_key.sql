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
