-- Gives the waits for other runs what became of these, once: the wait has its outcome then. With a run: the waits for
-- that one, called when it has ended. Without: all whose run has ended or never came to be (its workflow was removed before
-- the relay saw its event), a look that the relay takes now and then, so that a death between the two loses nothing.
set role enginejs_writer;
create or replace function enginejs.workflow_children_ended(ended uuid default null) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  with open as (
    select w.run_id, w.step from enginejs.workflow_waits w
    where w.kind = 'child' and w.outcome is null and (ended is null or w.child = ended)
      and not exists (select from enginejs.workflow_runs_active a where a.id = w.child)
      and not exists (select from enginejs.workflow_runs_parked a where a.id = w.child)
      -- The first half of a run's id is its event's.
      and not exists (
        select from enginejs.workflow_events_pending p
        where p.event_id = ('x' || substr(replace(w.child::text, '-', ''), 1, 16))::bit(64)::bigint)
      and not exists (
        select from enginejs.workflow_events_held h
        where h.event_id = ('x' || substr(replace(w.child::text, '-', ''), 1, 16))::bit(64)::bigint)
    order by w.run_id, w.step
    for update skip locked
  ),
  told as (
    update enginejs.workflow_waits w
    set outcome = coalesce((
      select case f.status
        when 'done' then jsonb_build_object('output', jsonb_build_object('runId', w.child, 'output', f.output))
        else jsonb_build_object('error', format('the workflow %s (run %s) %s: %s', w.name, w.child,
          case f.status when 'cancelled' then 'was cancelled' else 'has failed' end, f.error))
      end
      from enginejs.workflow_runs_finished f where f.id = w.child and f.segment = w.child_segment
    ), jsonb_build_object('error', format('the workflow %s (run %s) was never begun', w.name, w.child)))
    from open where w.run_id = open.run_id and w.step = open.step and w.outcome is null
    returning w.run_id
  )
  select array_agg(distinct t.run_id) into runs from told t;
  perform enginejs.workflow_unpark(runs);
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_children_ended(uuid) from public;
reset role;
