-- Rings anew for runs whose job is with a worker that has no hands free, so that somebody else may take them; each by a
-- job of its own. Those that are no longer queued are in good hands already.
set role enginejs_writer;
create or replace function enginejs.workflow_hand_on(runs uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  waiting uuid[];
begin
  select array_agg(q.id) into waiting
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.id = any (runs) and r.status = 'queued'
    order by r.id
    for update skip locked
  ) q;
  perform enginejs.workflow_ring_for(waiting);
  return coalesce(cardinality(waiting), 0);
end
$$;
revoke execute on function enginejs.workflow_hand_on(uuid[]) from public;
reset role;
