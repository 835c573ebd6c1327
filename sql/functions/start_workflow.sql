-- For people: starts a workflow as the actor of this transaction, who needs one of the roles that the workflow's trigger names, in
-- his tenant, now. Returns the id that the run will have. Raises EJ404 for a workflow that the newest build does not have, 42501
-- where he has none of the roles: also where nobody but the platform starts it.
set role enginejs_writer;
create or replace function enginejs.start_workflow(workflow text, input jsonb default null) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  trigger jsonb;
begin
  select d.definition -> 'trigger' into trigger
  from enginejs.workflow_subscriptions s join enginejs.workflow_definitions d on d.id = s.definition_id
  where s.model = 'workflow:' || start_workflow.workflow;
  if not found then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  if trigger ->> 'kind' is distinct from 'manual' or not coalesce(trigger -> 'roles' ?| enginejs.actor_roles(), false) then
    raise exception 'workflow "%" is not started by this actor', workflow using errcode = 'insufficient_privilege';
  end if;
  return enginejs.workflow_start(workflow, input);
end
$$;
revoke execute on function enginejs.start_workflow(text, jsonb) from public;
grant execute on function enginejs.start_workflow(text, jsonb) to enginejs_user;
reset role;
