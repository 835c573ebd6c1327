-- A temporary role. $1 to $3: who, where, what; $4, $5: until an instant, or for so long; $6: why.
insert into enginejs.role_grants (actor, tenant, role, valid_until, reason)
values ($1, $2, $3, coalesce($4::timestamptz, clock_timestamp() + $5::interval), $6)
returning id, valid_until;
