-- Starts another workflow from a step of a run, in the transaction of the caller, which holds the lease. Waiting, the step
-- has a wait for the child from then on; detached, the child's id is the step's checkpoint. Returns the child's id.
set role enginejs_writer;
create or replace function enginejs.workflow_start_child(
  run uuid, held_lease int, parent_step text, workflow text, input jsonb, actor jsonb, depth int, waited boolean,
  timeout_ms bigint
) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  child uuid;
  child_segment int;
begin
  child := enginejs.workflow_start(workflow, input, null, actor,
    jsonb_strip_nulls(jsonb_build_object('runId', run, 'depth', depth, 'parentStep', case when waited then parent_step end,
      'traceparent', nullif(current_setting('enginejs.traceparent', true), ''))));
  if waited then
    select p.segment into child_segment from enginejs.workflow_events_pending p
    where p.event_id = ('x' || substr(replace(child::text, '-', ''), 1, 16))::bit(64)::bigint;
    perform enginejs.workflow_wait(run, held_lease, parent_step, 'child', timeout_ms, null,
      jsonb_build_object('name', workflow, 'child', child, 'child_segment', child_segment));
  else
    perform enginejs.workflow_checkpoint(array[run], array[held_lease], array[parent_step],
      array[jsonb_build_object('runId', child)]);
  end if;
  return child;
end
$$;
revoke execute on function enginejs.workflow_start_child(uuid, int, text, text, jsonb, jsonb, int, boolean, bigint) from public;
reset role;
