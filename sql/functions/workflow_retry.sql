-- Puts a run back whose step failed, to be tried again after a pause. Nothing happens where the lease is lost.
-- With a null step: put back as it was and rung for at once, by a worker that stops.
set role enginejs_writer;
create or replace function enginejs.workflow_retry(run uuid, held_lease int, step text, reason text, pause interval)
returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  update enginejs.workflow_runs_active r
  set status = 'waiting', worker_id = null, since = clock_timestamp(), next_run_at = clock_timestamp() + pause,
    failures = case when step is null then r.failures when r.failed_step = step then r.failures + 1 else 1 end,
    failed_step = coalesce(step, r.failed_step),
    error = coalesce(reason, r.error)
  where r.id = run and r.lease = held_lease and r.status = 'running';
  return found;
end
$$;
revoke execute on function enginejs.workflow_retry(uuid, int, text, text, interval) from public;
reset role;
