-- Publishes what a node of a synchronous process says, in the transaction of whoever calls the process' function. That function has
-- its caller's rights and no others, so what is asked here is what is asked of the call: the trigger's roles and `allow`
-- (enginejs.require_call). Who may call such a process may therefore publish to its queues what their schemas take. Only nodes
-- of the newest build count, of processes that are functions. Returns the message's id. Raises EJ404 where there is no such node,
-- 42501 where the actor may not call the process, EJ422 for an input or a message that is not what its schema says.
set role enginejs_writer;
create or replace function enginejs.publish_in_call(workflow text, node text, input jsonb, message jsonb) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  called record;
begin
  select d.definition, n.node ->> 'queue' as queue into called
  from enginejs.workflow_subscriptions s
  join enginejs.workflow_definitions d on d.id = s.definition_id
  cross join lateral jsonb_array_elements(d.definition -> 'nodes') as n (node)
  where s.model = 'workflow:' || publish_in_call.workflow
    and n.node ->> 'id' = publish_in_call.node and n.node ->> 'kind' = 'queue.publish'
    and d.definition ->> 'execution' = 'sync' and d.definition -> 'as' = '"inherit"'
    -- The same kinds as in src/dsl-to-sql/process-function.ts; test/process/function.test.ts compares them.
    and not exists (
      select from jsonb_array_elements(d.definition -> 'nodes') as other (node)
      where other.node ->> 'kind' <> all ('{start,end,fail,transform,branch,merge,parallel,queue.publish,crud.create,crud.get,crud.list,crud.update,crud.delete,db.update}')
    );
  if not found then
    raise exception 'there is no process "%" that publishes by "%" when it is called', workflow, node using errcode = 'EJ404';
  end if;
  perform enginejs.require_call(workflow, called.definition -> 'trigger', called.definition -> 'input', input);
  return enginejs.workflow_publish(called.queue, message);
end
$$;
revoke execute on function enginejs.publish_in_call(text, text, jsonb, jsonb) from public;
grant execute on function enginejs.publish_in_call(text, text, jsonb, jsonb) to enginejs_user, enginejs_system, enginejs_owner;
reset role;
