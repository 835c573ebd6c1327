-- Writes the results of steps whose leases are still held, and returns the runs that they were written for. The
-- arrays belong together by position. Steps of concurrent runs share one call, and so one commit. Its plan is always the
-- same: see workflow_finish.
set role enginejs_writer;
create or replace function enginejs.workflow_checkpoint(runs uuid[], leases int[], steps text[], outputs jsonb[])
returns setof uuid
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_nestloop = off
as $$
begin
  return query
  with held as (
    select r.id, r.segment, u.step, u.output
    from unnest(runs, leases, steps, outputs) as u (run, lease, step, output)
    join enginejs.workflow_runs_active r on r.id = u.run and r.lease = u.lease and r.status = 'running'
    where r.id = any (runs)
    -- In the order of the key, as all who lock several: no deadlocks.
    order by r.id
    for no key update of r
  )
  insert into enginejs.workflow_run_steps as s (run_id, segment, step, output)
  select h.id, h.segment, h.step, h.output from held h
  returning s.run_id;
end
$$;
revoke execute on function enginejs.workflow_checkpoint(uuid[], int[], text[], jsonb[]) from public;
reset role;
