-- Queues runs anew, each with a new job that rings for it; those that are paused, or whose workflow is, wait for an operator
-- instead, unless they are on their way to the end. The caller has locked them.
set role enginejs_writer;
create or replace function enginejs.workflow_ring_for(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if runs is null or cardinality(runs) = 0 then
    return;
  end if;
  if exists (select from enginejs.workflow_pauses)
    or exists (select from enginejs.workflow_runs_active r where r.id = any (runs) and r.paused) then
    with held as (
      update enginejs.workflow_runs_active r
      set status = 'paused', worker_id = null, job_id = null, next_run_at = null, since = clock_timestamp()
      from enginejs.workflow_definitions d
      where r.id = any (runs) and d.id = r.definition_id and r.cancel is null and r.failure is null
        and coalesce(r.paused, exists (select from enginejs.workflow_pauses p where p.workflow = d.name))
      returning r.id
    )
    select array(select u.run from unnest(runs) as u (run) where u.run not in (select h.id from held h)) into runs;
    if runs = '{}' then
      return;
    end if;
  end if;
  with job as (
    select j.id, (j.payload ->> 'run')::uuid as run
    from graphile_worker.add_jobs(array(
      select ('enginejs:run', json_build_object('run', u.run), null, null, 32767, null, t.priority, null)::graphile_worker.job_spec
      from unnest(runs) as u (run) left join enginejs.workflow_turns t on t.run_id = u.run
    )) j
  )
  update enginejs.workflow_runs_active r
  set status = 'queued', worker_id = null, job_id = job.id, next_run_at = null, since = clock_timestamp()
  from job where r.id = job.run;
end
$$;
revoke execute on function enginejs.workflow_ring_for(uuid[]) from public;
reset role;
