-- Lets go on what the end of a pause has missed: somebody read the pause a moment before it ended, and kept an event, a run or
-- (in a build) a subscription for it a moment later. Asked every second; where nothing is kept, that is all it looks at.
-- What the beginning of a pause has missed is noticed where runs are claimed and made (workflow_claim, workflow_start_runs).
-- Returns how many runs and events go on.
set role enginejs_writer;
create or replace function enginejs.workflow_settle_pauses() returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
  events int;
begin
  update enginejs.workflow_subscriptions s set paused = false
  where s.paused and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow);
  -- From name to name by the index: of one workflow there may be millions.
  with recursive held as (
    (select h.workflow from enginejs.workflow_events_held h order by h.workflow limit 1)
    union all
    select (select h.workflow from enginejs.workflow_events_held h where h.workflow > held.workflow order by h.workflow limit 1)
    from held where held.workflow is not null
  )
  select coalesce(sum(enginejs.workflow_release_events(held.workflow)), 0) into events
  from held
  where held.workflow is not null and not exists (select from enginejs.workflow_pauses p where p.workflow = held.workflow);
  select array_agg(q.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where r.status = 'paused' and r.paused is not true
      and not exists (select from enginejs.workflow_pauses p where p.workflow = d.name)
    order by r.id
    for update of r skip locked
  ) q;
  perform enginejs.workflow_ring_for(runs);
  if events > 0 then
    perform enginejs.ring();
  end if;
  return events + coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_settle_pauses() from public;
reset role;
