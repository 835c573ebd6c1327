-- API keys, those that count before those that do not, the newest first. $1: of one tenant, or null for all; $2: also those that do not count.
select k.id, k.prefix, k.name, case when k.actor is null then 'service' else 'key' end as kind,
  coalesce(k.service_account, k.actor) as actor, coalesce(s.tenant, k.tenant) as tenant, s.name as account, s.roles,
  k.created_at, k.created_by, k.expires_at, k.revoked_at, s.disabled_at, k.last_used_at,
  state.name as state
from enginejs.api_keys k
left join enginejs.service_accounts s on s.id = k.service_account
cross join lateral (values (
  case
    when k.revoked_at is not null then 'revoked'
    when k.expires_at <= clock_timestamp() then 'expired'
    when s.disabled_at is not null then 'disabled'
    else 'active'
  end)) as state (name)
where ($1::uuid is null or coalesce(s.tenant, k.tenant) = $1) and ($2 or state.name = 'active')
order by state.name <> 'active', k.created_at desc, k.id;
