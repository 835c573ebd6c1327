-- Parks a run whose every path waits, at the given steps. Returns
--   parked  it is no longer among the active runs; the next of its times wakes it
--   again   an outcome has come meanwhile, a time is over, or somebody cancelled it: the worker goes on
--   lost    the lease is
-- `deadline_ms`: from now, when the run as a whole has to be done.
set role enginejs_writer;
create or replace function enginejs.workflow_park(run uuid, held_lease int, steps text[], deadline_ms bigint) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  cancelled boolean;
  open int;
  next_time timestamptz;
begin
  select r.cancel is not null and r.failure is null into cancelled from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for update;
  if not found then
    return 'lost';
  end if;
  -- Whoever brings an outcome locks the wait's row first and the run's then: either is seen here, or sees the run parked.
  select count(*) filter (where w.outcome is null and (w.until is null or w.until > clock_timestamp())), min(w.until)
  into open, next_time
  from (
    select x.outcome, x.until from enginejs.workflow_waits x
    where x.run_id = run and x.step = any (steps) for update
  ) w;
  if cancelled or open < cardinality(steps) then
    return 'again';
  end if;
  with moved as (
    delete from enginejs.workflow_runs_active r where r.id = run returning r.*
  )
  insert into enginejs.workflow_runs_parked select m.* from moved m;
  update enginejs.workflow_runs_parked r
  set status = 'waiting', worker_id = null, job_id = null, since = clock_timestamp(),
    next_run_at = least(next_time, clock_timestamp() + deadline_ms * interval '1 ms')
  where r.id = run;
  return 'parked';
end
$$;
revoke execute on function enginejs.workflow_park(uuid, int, text[], bigint) from public;
reset role;
