-- Temporary roles, those that are in force or to come first. $1: of one tenant, or null for all; $2: also those that are over.
select g.id, g.actor, g.tenant, g.role, g.valid_from, g.valid_until, g.reason, g.granted_at, g.granted_by, g.revoked_at,
  state.name as state
from enginejs.role_grants g
cross join lateral (values (
  case
    when g.revoked_at is not null then 'revoked'
    when g.valid_until <= clock_timestamp() then 'over'
    when g.valid_from > clock_timestamp() then 'to come'
    else 'in force'
  end)) as state (name)
where ($1::uuid is null or g.tenant = $1) and ($2 or state.name in ('in force', 'to come'))
order by state.name not in ('in force', 'to come'), g.valid_until, g.id;
