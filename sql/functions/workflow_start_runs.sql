-- Makes one run per event and definition, and the jobs that ring for them, all in one add_jobs. The arrays belong
-- together by position. Called by workflow_relay, and by the relay for what conditions let pass, in one transaction
-- with the taking of the events: a run is made exactly once.
set role enginejs_writer;
create or replace function enginejs.workflow_start_runs(events bigint[], segments int[], definitions int[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  started int;
begin
  if cardinality(events) = 0 then
    return 0;
  end if;
  with run as materialized (
    select enginejs.workflow_run_id(u.event_id, d.name) as id, u.event_id, u.segment, u.definition_id
    from unnest(events, segments, definitions) as u (event_id, segment, definition_id)
    join enginejs.workflow_definitions d on d.id = u.definition_id
  ),
  job as (
    select j.id, (j.payload ->> 'run')::uuid as run
    from graphile_worker.add_jobs(array(
      select (
        'enginejs:run', json_build_object('run', run.id), null, null,
        -- Whether a run is tried again is decided by the run, never by its job.
        32767,
        null, null, null
      )::graphile_worker.job_spec
      from run
    )) j
  )
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, job_id)
  select run.id, run.definition_id, run.event_id, run.segment, job.id
  from run join job on job.run = run.id
  on conflict (id) do nothing;
  get diagnostics started = row_count;
  return started;
end
$$;
revoke execute on function enginejs.workflow_start_runs(bigint[], int[], int[]) from public;
reset role;
