-- Writes a message: an event of the model `queue:<name>`, in the transaction of the caller. Each workflow that receives from the
-- queue has one run of it. Returns the message's id, which is its event's record_id. `actor` as events carry it, by default
-- the actor of this transaction. Raises EJ404 for a queue that the newest build does not have, EJ422 for a message that is not
-- what the queue's schema says, with each of its problems; detail: {"problems": […]}; and for one larger than 16 MB.
set role enginejs_writer;
create or replace function enginejs.workflow_publish(queue text, message jsonb, actor jsonb default null) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  model constant text := 'queue:' || queue;
  declared record;
  problems text[];
  event record;
  rang boolean;
begin
  select q.message as schema into declared from enginejs.workflow_queues q where q.name = workflow_publish.queue;
  if not found then
    raise exception 'there is no queue "%"', queue using errcode = 'EJ404';
  end if;
  if pg_column_size(message) > 16777216 then
    raise exception 'a message of the queue "%" is at most 16 MB', queue using errcode = 'EJ422',
      hint = 'Keep what is large where large things belong, and publish its name or key.';
  end if;
  if declared.schema is not null then
    problems := enginejs.schema_problems(declared.schema, message);
    if problems <> '{}' then
      raise exception 'a message of the queue "%" is not like this: %', queue, array_to_string(problems, '; ')
        using errcode = 'EJ422', detail = jsonb_build_object('problems', problems)::text;
    end if;
  end if;
  insert into enginejs.workflow_events_current as e (model, action, record_id, input, actor, origin)
  values (model, 'message', enginejs.uuid_v7(), coalesce(message, 'null'), coalesce(actor, enginejs.emit_actor()), enginejs.emit_origin())
  returning e.id, e.segment, e.record_id into event;
  -- Also where nobody receives from it yet: the relay keeps it then, see workflow_keep_messages.
  insert into enginejs.workflow_events_pending (event_id, segment, model, action) values (event.id, event.segment, model, 'message');
  rang := enginejs.ring();
  return event.record_id;
end
$$;
revoke execute on function enginejs.workflow_publish(text, jsonb, jsonb) from public;
reset role;
