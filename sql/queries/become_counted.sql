-- Makes the rest of the transaction an actor's, for counting what he may do: $1 kind, $2 id, $3 tenant; $4: the roles of somebody
-- who is not there, null for those that the database gives him. As enginejs.begin_request() does, but for the role, which stays
-- that of enginejs_reader: it is the rules that are counted, over the true rows.
with held (roles) as (
  select coalesce($4::text[], case when $2::uuid is not null then enginejs.membership_roles($2::uuid, $3::uuid) end)
)
select
  set_config('enginejs.actor_kind', $1::text, true),
  set_config('enginejs.actor_id', coalesce($2::text, ''), true),
  set_config('enginejs.tenant_id', case when held.roles is null then '' else coalesce($3::text, '') end, true),
  set_config('enginejs.roles', coalesce(held.roles::text, '{}'), true),
  set_config('enginejs.claims', '', true),
  set_config('enginejs.request', '', true)
from held;
