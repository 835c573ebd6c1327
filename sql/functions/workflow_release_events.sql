-- Gives the relay the events that were kept for a paused workflow, for this workflow alone. Returns how many.
set role enginejs_writer;
create or replace function enginejs.workflow_release_events(workflow text) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  released int;
begin
  with kept as (
    delete from enginejs.workflow_events_held h where h.workflow = workflow_release_events.workflow returning h.event_id, h.segment
  ),
  given as (
    insert into enginejs.workflow_events_pending as p (event_id, segment, model, action, workflows)
    select e.id, e.segment, e.model, e.action, array[workflow_release_events.workflow]
    from kept k join enginejs.workflow_events e on e.id = k.event_id and e.segment = k.segment
    order by e.id
    -- It waits there for others, whose condition could not be evaluated.
    on conflict on constraint workflow_events_pending_pkey
      do update set workflows = p.workflows || excluded.workflows, next_run_at = null
    returning p.event_id
  )
  select count(*) into released from given;
  return released;
end
$$;
revoke execute on function enginejs.workflow_release_events(text) from public;
reset role;
