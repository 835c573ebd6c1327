-- Puts an event back for one workflow whose condition could not be evaluated, in the transaction that took it:
-- tried again after a growing pause, and given up after `most_attempts`.
set role enginejs_writer;
create or replace function enginejs.workflow_defer_event(
  event_id bigint, segment int, workflow text, failed_attempts int, most_attempts int, reason text
) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if failed_attempts >= most_attempts then
    insert into enginejs.workflow_events_failed as f (event_id, segment, workflows, attempts, error)
    values (workflow_defer_event.event_id, workflow_defer_event.segment, array[workflow], failed_attempts, reason)
    on conflict on constraint workflow_events_failed_pkey
      do update set workflows = f.workflows || excluded.workflows, error = excluded.error;
    return;
  end if;
  insert into enginejs.workflow_events_pending as p
    (event_id, segment, model, action, workflows, attempts, next_run_at, error)
  select e.id, e.segment, e.model, e.action, array[workflow], failed_attempts,
    clock_timestamp() + least(power(2, failed_attempts), 300) * interval '1 s', reason
  from enginejs.workflow_events e
  where e.id = workflow_defer_event.event_id and e.segment = workflow_defer_event.segment
  on conflict on constraint workflow_events_pending_pkey
    do update set workflows = p.workflows || excluded.workflows;
end
$$;
revoke execute on function enginejs.workflow_defer_event(bigint, int, text, int, int, text) from public;
reset role;
