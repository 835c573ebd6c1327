-- Publishes a message to a queue, in this transaction, as its actor: a person, a service account or a key with one of the roles that
-- the queue's `publish` names, in his tenant, now; the system; and whoever builds. Returns the message's id. Raises EJ404 for a
-- queue that there is not, 42501 for an actor with none of its roles, EJ422 for a message that is not what the queue's schema says.
set role enginejs_writer;
create or replace function enginejs.publish(queue text, message jsonb) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- Stays what begin_request set also inside definers' functions.
  acting constant text := current_setting('role');
  allowed text[];
begin
  if acting in ('enginejs_user', 'enginejs_anonymous', 'enginejs_action') then
    select q.publishers into allowed from enginejs.workflow_queues q where q.name = publish.queue;
    if not found then
      raise exception 'there is no queue "%"', queue using errcode = 'EJ404';
    end if;
    if not coalesce(allowed && enginejs.actor_roles(), false) then
      raise exception 'this actor may not publish to the queue "%"', queue using errcode = 'insufficient_privilege';
    end if;
  end if;
  return enginejs.workflow_publish(queue, message);
end
$$;
revoke execute on function enginejs.publish(text, jsonb) from public;
grant execute on function enginejs.publish(text, jsonb) to enginejs_owner, enginejs_user, enginejs_system;
reset role;
