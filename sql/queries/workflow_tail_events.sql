-- Events that were not seen yet: those after the one named, except the given ones, for ids commit out of order. The first time,
-- without one, only the newest id. $1 after, $2 seen, $3 most.
select e.id::text, e.created_at, e.model, e.action, e.record_id, e.actor ->> 'kind' as kind, e.actor ->> 'id' as actor,
  e.origin ->> 'requestId' as request
from enginejs.workflow_events e
where e.id > $1::bigint and e.id <> all ($2::bigint[])
order by e.id
limit $3
