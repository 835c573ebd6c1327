-- The administration log, newest first. $1, $2: since an instant, or so long ago; $3: a kind or its beginning (`key` for `key.create` as well); $4: how many at most.
select l.id, l.at, l.login, l.kind, l.actor, l.tenant, l.detail
from enginejs.administration_log l
where ($1::timestamptz is null or l.at >= $1)
  and ($2::interval is null or l.at >= clock_timestamp() - $2::interval)
  and ($3::text is null or l.kind = $3 or starts_with(l.kind, $3 || '.'))
order by l.id desc
limit $4;
