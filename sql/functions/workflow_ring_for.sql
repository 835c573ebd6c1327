-- Queues runs anew, each with a new job that rings for it. The caller has locked them.
set role enginejs_writer;
create or replace function enginejs.workflow_ring_for(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if runs is null or cardinality(runs) = 0 then
    return;
  end if;
  with job as (
    select j.id, (j.payload ->> 'run')::uuid as run
    from graphile_worker.add_jobs(array(
      select ('enginejs:run', json_build_object('run', u.run), null, null, 32767, null, null, null)::graphile_worker.job_spec
      from unnest(runs) as u (run)
    )) j
  )
  update enginejs.workflow_runs_active r
  set status = 'queued', worker_id = null, job_id = job.id, next_run_at = null, since = clock_timestamp()
  from job where r.id = job.run;
end
$$;
revoke execute on function enginejs.workflow_ring_for(uuid[]) from public;
reset role;
