-- Takes over the workflows of a build: keeps their definitions and says anew which events start which workflow.
-- In the build's transaction, so that a workflow counts from the moment its build does.
set role enginejs_writer;
create or replace function enginejs.workflow_register() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted text;
begin
  insert into enginejs.workflow_definitions (name, hash, definition)
  select w.definition ->> 'name', encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex'), w.definition
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  on conflict (name, hash) do nothing;

  delete from enginejs.workflow_subscriptions;
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select t.trigger ->> 'entity',
    case t.trigger ->> 'event' when 'action' then t.trigger ->> 'action' else t.trigger ->> 'event' end,
    d.name, d.id, t.trigger ? 'condition' or coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  cross join lateral (values (w.definition -> 'trigger')) as t (trigger)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex')
  where t.trigger ->> 'kind' = 'model';

  -- A message of a queue, for each workflow that receives from it.
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select 'queue:' || (w.definition #>> '{trigger,queue}'), 'message', d.name, d.id,
    coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex')
  where w.definition #>> '{trigger,kind}' = 'queue';

  delete from enginejs.workflow_queues;
  insert into enginejs.workflow_queues (name, message, publishers)
  select q.queue ->> 'name', q.queue -> 'message',
    case when q.queue ? 'publishers' then array(select jsonb_array_elements_text(q.queue -> 'publishers')) end
  from jsonb_array_elements(coalesce(new.ir -> 'queues', '[]')) as q (queue);

  -- By its name every workflow can be started: enginejs.workflow_start.
  insert into enginejs.workflow_subscriptions (model, action, workflow, definition_id, conditional)
  select 'workflow:' || d.name, 'start', d.name, d.id,
    coalesce(w.definition -> 'options' ?| '{ordered,concurrency,rate,debounce,priority}', false)
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  join enginejs.workflow_definitions d on d.name = w.definition ->> 'name'
    and d.hash = encode(sha256(convert_to(w.definition::text, 'UTF8')), 'hex');

  -- What webhooks are offered for: the relay knows them by their lack of a definition.
  perform enginejs.webhook_register(new.ir);
  insert into enginejs.workflow_subscriptions (model, action, workflow, conditional)
  select w.model, w.action, '@webhooks', false from enginejs.webhook_events w;

  -- A pause outlives builds.
  update enginejs.workflow_subscriptions s set paused = true
  where s.workflow in (select p.workflow from enginejs.workflow_pauses p);

  -- What the emit triggers ask for every statement, as a constant: a look into the table would be paid for by every statement.
  -- By action, because a trigger says its own as a literal: what is left in its plan is one comparison, or none.
  select string_agg(format('when %L then model = any (%L::text[])', a.action, a.models), ' ' order by a.action)
  into wanted
  from (
    select s.action, array_agg(distinct s.model order by s.model) as models
    from enginejs.workflow_subscriptions s where s.model not like 'workflow:%' and s.model not like 'queue:%'
    group by s.action
  ) a;
  execute format(
    'create or replace function enginejs.workflow_subscribed(model text, action text) returns boolean
     language sql immutable parallel safe
     return %s', coalesce('case action ' || wanted || ' else false end', 'false'));

  -- Messages that nobody received so far and somebody does now: see workflow_keep_messages.
  perform pg_advisory_xact_lock(7714020, 0);
  with given as (
    delete from enginejs.workflow_messages_kept k
    where exists (select from enginejs.workflow_subscriptions s where s.model = 'queue:' || k.queue and s.action = 'message')
    returning k.event_id, k.segment, k.queue
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select g.event_id, g.segment, 'queue:' || g.queue, 'message' from given g order by g.event_id;
  if found then
    perform enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.workflow_register() from public;
grant execute on function enginejs.workflow_register() to enginejs_owner;
reset role;

set role enginejs_owner;
create or replace trigger workflow_register after insert on enginejs.build
  for each row execute function enginejs.workflow_register();
reset role;
