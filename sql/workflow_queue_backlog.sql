-- What of each queue is not done: messages that wait for the relay, for a workflow that receives them, for one that is paused, and
-- runs that are not finished. A message counts once for each workflow that receives it. Failed ones are dead letters.
set role enginejs_writer;

create or replace view enginejs.workflow_queue_backlog as
  with open (queue, event_id, kept) as (
    select substr(p.model, 7), p.event_id, false from enginejs.workflow_events_pending p where p.model like 'queue:%'
    union all
    select k.queue, k.event_id, true from enginejs.workflow_messages_kept k
    union all
    select substr(e.model, 7), h.event_id, false
    from enginejs.workflow_events_held h join enginejs.workflow_events e on e.id = h.event_id and e.segment = h.segment
    where e.model like 'queue:%'
    union all
    select d.definition #>> '{trigger,queue}', r.event_id, false
    from (
      select definition_id, event_id from enginejs.workflow_runs_active
      union all
      select definition_id, event_id from enginejs.workflow_runs_parked
    ) r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.definition #>> '{trigger,kind}' = 'queue'
  ),
  counted as (
    select o.queue, count(*) as messages, count(*) filter (where o.kept) as kept, min(o.event_id) as oldest
    from open o group by o.queue
  )
  select c.queue, c.messages, c.kept, (select e.created_at from enginejs.workflow_events e where e.id = c.oldest) as oldest_at
  from counted c;

comment on view enginejs.workflow_queue_backlog is 'How many messages of each queue are not done, and since when the oldest waits.';

reset role;
