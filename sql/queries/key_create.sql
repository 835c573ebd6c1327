-- A new API key. $1: its name; $2, $3: prefix and hash; $4: the service account, or $5, $6: the person and the tenant; $7, $8: until an instant, or for so long.
insert into enginejs.api_keys (name, prefix, hash, service_account, actor, tenant, expires_at)
values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, clock_timestamp() + $8::interval))
returning id, expires_at;
