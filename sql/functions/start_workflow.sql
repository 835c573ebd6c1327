-- Starts a workflow as the actor of this transaction and returns the id that its run will have. Who may, and with what:
-- enginejs.require_call. The platform may say in whose name: `actor`, as events carry it. `awaited`: somebody waits for the
-- run's end and is told (enginejs.workflow_ended).
--
-- Raises EJ404 for a workflow that the newest build does not have, 42501 where the actor may not start it, EJ422 where the
-- input does not fit.
set role enginejs_writer;
create or replace function enginejs.start_workflow(
  workflow text, input jsonb default null, awaited boolean default false, actor jsonb default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  definition jsonb;
begin
  select d.definition into definition
  from enginejs.workflow_subscriptions s join enginejs.workflow_definitions d on d.id = s.definition_id
  where s.model = 'workflow:' || start_workflow.workflow;
  if not found then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  if actor is not null and not enginejs.is_platform() then
    raise exception 'only the platform starts a workflow in the name of others' using errcode = 'insufficient_privilege';
  end if;
  perform enginejs.require_call(workflow, definition -> 'trigger', definition -> 'input', input);
  return enginejs.workflow_start(workflow, input, null, actor,
    coalesce(enginejs.emit_origin(), '{}') || '{"checked": true}'
      || case when awaited then '{"awaited": true}'::jsonb else '{}' end);
end
$$;
revoke execute on function enginejs.start_workflow(text, jsonb, boolean, jsonb) from public;
grant execute on function enginejs.start_workflow(text, jsonb, boolean, jsonb) to enginejs_user, enginejs_system, enginejs_owner;
reset role;
