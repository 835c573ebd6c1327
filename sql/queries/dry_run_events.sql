-- What a dry run would have written to the outbox, and which workflows it would start. The transaction is a repeatable
-- read: of the events beyond the last one that it saw at its begin, it sees its own and nobody else's.
select e.id::text as id, e.model, e.action, e.record_id as "recordId", e.before, e.after, e.changed,
  coalesce((
    select jsonb_agg(jsonb_build_object('name', s.workflow, 'conditional', s.conditional) order by s.workflow)
    from enginejs.workflow_subscriptions s where s.model = e.model and s.action = e.action and s.definition_id is not null
  ), '[]') as workflows
from enginejs.workflow_events e
where e.id > $1
order by e.id
