-- Turns a run back that has failed for good, or was cancelled: keeps the reason, forgets what it still waited for, and
-- returns the steps that it has done, in the order in which they were. Called again when a compensation goes on after
-- a pause or a restart: the first reason stays, and so do the waits of compensations. Null where the lease is lost.
set role enginejs_writer;
create or replace function enginejs.workflow_compensate(run uuid, held_lease int, reason jsonb) returns text[]
language plpgsql volatile set search_path = ''
as $$
declare
  before jsonb;
  run_segment int;
  children uuid[];
  child uuid;
begin
  select r.failure, r.segment into before, run_segment from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for update;
  if not found then
    return null;
  end if;
  -- workflow_reap has written its reason only: the rest is to be done here, under a lease.
  if before is null or before ? 'died' then
    update enginejs.workflow_runs_active r set failure = reason - 'died', failures = 0, failed_step = null where r.id = run;
    with gone as (
      delete from enginejs.workflow_waits w where w.run_id = run returning w.child, w.outcome
    )
    select array_agg(g.child) into children from gone g where g.child is not null and g.outcome is null;
    foreach child in array coalesce(children, '{}') loop
      perform enginejs.workflow_cancel(child, format('the run %s that waits for it has ended', run));
    end loop;
  end if;
  return coalesce((
    select array_agg(s.step order by s.finished_at, s.step) from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = run_segment
  ), '{}');
end
$$;
revoke execute on function enginejs.workflow_compensate(uuid, int, jsonb) from public;
reset role;
