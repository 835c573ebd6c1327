-- Ends runs whose leases are still held, done or failed for good, and returns them. The arrays belong together by
-- position; a null error means done.
set role enginejs_writer;
create or replace function enginejs.workflow_finish(runs uuid[], leases int[], failed_steps text[], errors text[])
returns setof uuid
language plpgsql volatile set search_path = ''
as $$
begin
  return query
  with ended as (
    delete from enginejs.workflow_runs_active r
    using unnest(runs, leases, failed_steps, errors) as u (run, lease, failed_step, error)
    where r.id = u.run and r.lease = u.lease and r.status = 'running'
    returning r.id, r.definition_id, r.event_id, r.segment, r.attempts, r.created_at, u.failed_step, u.error
  )
  insert into enginejs.workflow_runs_finished as f
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at)
  select e.id, e.definition_id, e.event_id, e.segment, case when e.error is null then 'done' else 'failed' end,
    e.attempts, e.failed_step, e.error, e.created_at
  from ended e
  returning f.id;
end
$$;
revoke execute on function enginejs.workflow_finish(uuid[], int[], text[], text[]) from public;
reset role;
