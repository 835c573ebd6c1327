-- Ends runs whose leases are still held, and returns them: done where the error is null, else cancelled where somebody asked
-- for that, else failed. The arrays belong together by position. A run whose last step has just been done brings that
-- step's result: its checkpoint and the end are one statement.
--
-- The table of active runs is small to the statistics and may be large just now. So the plan is the same always: the runs by
-- the key, joined by a hash.
set role enginejs_writer;
create or replace function enginejs.workflow_finish(
  runs uuid[], leases int[], failed_steps text[], errors text[], outputs jsonb[] default '{}',
  last_steps text[] default '{}', last_outputs jsonb[] default '{}'
) returns setof uuid
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_nestloop = off
as $$
begin
  return query
  with ended as (
    delete from enginejs.workflow_runs_active r
    using unnest(runs, leases, failed_steps, errors, outputs, last_steps, last_outputs)
      as u (run, lease, failed_step, error, output, last_step, last_output)
    where r.id = any (runs) and r.id = u.run and r.lease = u.lease and r.status = 'running'
    returning r.id, r.definition_id, r.event_id, r.segment, r.attempts, r.created_at, r.waits, r.cancel,
      u.failed_step, u.error, u.output, u.last_step, u.last_output
  ),
  kept as (
    insert into enginejs.workflow_run_steps (run_id, segment, step, output)
    select e.id, e.segment, e.last_step, e.last_output from ended e where e.last_step is not null
  ),
  -- What it no longer waits for, such as a pause of a path that the end came before.
  forgotten as (
    delete from enginejs.workflow_waits w using ended e where e.waits and w.run_id = e.id
  )
  insert into enginejs.workflow_runs_finished as f
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, output, created_at)
  select e.id, e.definition_id, e.event_id, e.segment,
    case when e.error is null then 'done' when e.cancel is not null then 'cancelled' else 'failed' end,
    e.attempts, e.failed_step, e.error, e.output, e.created_at
  from ended e
  returning f.id;
end
$$;
revoke execute on function enginejs.workflow_finish(uuid[], int[], text[], text[], jsonb[], text[], jsonb[]) from public;
reset role;
