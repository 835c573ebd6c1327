-- What became of a run, for whoever started it (the same person in the same tenant), and for the platform: null `value` and
-- `error` until it has ended. Returns {"run", "workflow", "status", "output", "value", "error"}: `output` is the name of the
-- output that it came to, `error` is {"code", "message", "values"}, its code the name of the error that the workflow declares.
-- What it failed with otherwise is told to the platform alone: it may hold anything.
-- Raises EJ404 for no such run, and for one that somebody else started.
set role enginejs_writer;
create or replace function enginejs.workflow_result(run uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  platform constant boolean := enginejs.is_platform();
  -- The first half of a run's id is its event's.
  event_id constant bigint := ('x' || substr(replace(run::text, '-', ''), 1, 16))::bit(64)::bigint;
  event enginejs.workflow_events;
  found_run enginejs.workflow_runs;
  definition jsonb;
  result jsonb;
  declared jsonb;
  given jsonb;
  outputs text[];
begin
  select e.* into event from enginejs.workflow_events e where e.id = event_id;
  if not found or not platform and (event.model not like 'workflow:%' or enginejs.actor_id() is null
    or event.actor ->> 'id' is distinct from enginejs.actor_id()::text
    or event.actor ->> 'tenant' is distinct from enginejs.tenant_id()::text) then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  result := jsonb_build_object('run', run, 'workflow', substr(event.model, length('workflow:') + 1), 'status', 'pending',
    'output', null, 'value', null, 'error', null);
  select r.* into found_run from enginejs.workflow_runs r where r.id = run;
  if not found then
    -- An id that is no run's, or the run of an event that nobody could follow.
    if not exists (select from enginejs.workflow_events_pending p where p.event_id = event.id)
      and not exists (select from enginejs.workflow_events_held h where h.event_id = event.id) then
      if run is distinct from enginejs.workflow_run_id(event.id, result ->> 'workflow') then
        raise exception 'there is no run %', run using errcode = 'EJ404';
      end if;
      return result || '{"status": "failed", "error": {"code": "WorkflowFailed", "message": "the workflow was never begun", "values": null}}';
    end if;
    return result;
  end if;
  result := result || jsonb_build_object('workflow', found_run.workflow, 'status', found_run.status);
  if found_run.finished_at is null then
    return result;
  end if;
  select d.definition into definition from enginejs.workflow_definitions d where d.id = found_run.definition_id;
  if found_run.status = 'done' then
    select array_agg(k) into outputs from jsonb_object_keys(coalesce(definition -> 'outputs', '{}')) k;
    return result || jsonb_build_object('value', found_run.output, 'output', case
      when found_run.output is null then null
      when cardinality(outputs) = 1 then outputs[1]
      else (select s.output ->> 'output' from enginejs.workflow_run_steps s
        where s.run_id = run and s.segment = found_run.segment and s.step like '%:output'
        order by s.finished_at desc limit 1)
    end);
  end if;
  if found_run.status = 'cancelled' then
    return result || '{"error": {"code": "WorkflowCancelled", "message": "the run was cancelled", "values": null}}';
  end if;
  -- It ended with an error of its own: at a node that fails, and for that reason.
  select n.node into declared
  from jsonb_path_query(definition, '$.**.nodes[*] ? (@.kind == "fail" && @.id == $id)',
    jsonb_build_object('id', regexp_replace(found_run.failed_step, '^.*\.', ''))) as n (node)
  where starts_with(found_run.error, 'EJS6015: ' || (n.node ->> 'error'))
  limit 1;
  if found then
    select s.output into given from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = found_run.segment and s.step = found_run.failed_step || ':error';
    return result || jsonb_build_object('error', jsonb_build_object('code', declared ->> 'error',
      'message', coalesce(declared ->> 'message', declared ->> 'error'), 'values', coalesce(given, '{}')));
  end if;
  return result || jsonb_build_object('error', jsonb_build_object('code', 'WorkflowFailed',
    'message', case when platform then found_run.error else 'the run has failed' end, 'values', null));
end
$$;
revoke execute on function enginejs.workflow_result(uuid) from public;
grant execute on function enginejs.workflow_result(uuid) to enginejs_user, enginejs_system, enginejs_owner;
reset role;
