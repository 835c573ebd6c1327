-- Notices dead workers and gives back what they held: their locks on jobs, and their runs. Dead is whose heartbeat
-- is 15 s old, or 3 s old with its session lock free: PostgreSQL frees that about 10 ms after a process is killed.
-- A wrong guess does no harm to database steps: the lease has changed, and what the old one writes counts for nothing.
--
-- A run whose worker died `most_crashes` times in a row without any result between fails: it kills its workers.
-- Returns the workers that were found dead.
set role enginejs_writer;
create or replace function enginejs.workflow_reap(most_crashes int) returns setof int
language plpgsql volatile set search_path = ''
as $$
declare
  dead int[];
  pools text[];
  relays int[];
  lost uuid[];
begin
  with gone as (
    delete from enginejs.workflow_workers w
    where w.id in (
      select x.id from enginejs.workflow_workers x
      where x.heartbeat_at < clock_timestamp() - interval '15 s'
        or x.heartbeat_at < clock_timestamp() - interval '3 s' and pg_try_advisory_xact_lock(7714002, x.id)
      for update skip locked
    )
    returning w.id, w.pools, w.relay_backend
  )
  select array_agg(distinct g.id), array_agg(p.pool) filter (where p.pool is not null),
    array_agg(g.relay_backend) filter (where g.relay_backend is not null)
  into dead, pools, relays
  from gone g left join lateral unnest(g.pools) as p (pool) on true;

  if pools is not null then
    perform graphile_worker.force_unlock_workers(pools);
    -- As its add_jobs does: the living would look only at their next poll, two seconds later.
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 100)::text);
  end if;

  -- A process that hangs, or was stopped, keeps its connections: its relay would lead for ever.
  perform pg_terminate_backend(l.pid)
  from pg_locks l
  where l.locktype = 'advisory' and l.classid = 7714001 and l.pid = any (relays) and l.pid <> pg_backend_pid();

  -- Also those of workers that are in no list at all.
  update enginejs.workflow_runs_active r
  set crashes = case when s.results > r.crashed_after then 1 else r.crashes + 1 end,
    crashed_after = s.results,
    error = 'the worker died'
  from (
    select a.id, (
      select count(*) from enginejs.workflow_run_steps s where s.run_id = a.id and s.segment = a.segment
    )::int as results
    from enginejs.workflow_runs_active a
    where a.status = 'running' and not exists (select from enginejs.workflow_workers w where w.id = a.worker_id)
    for update of a skip locked
  ) s
  where r.id = s.id;

  with poison as (
    delete from enginejs.workflow_runs_active r
    where r.status = 'running' and r.crashes >= most_crashes
      and not exists (select from enginejs.workflow_workers w where w.id = r.worker_id)
    returning r.*
  ),
  forgotten as (
    delete from enginejs.workflow_waits w using poison p where w.run_id = p.id
  )
  insert into enginejs.workflow_runs_finished
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at)
  select p.id, p.definition_id, p.event_id, p.segment, 'failed', p.attempts, p.failed_step,
    format('its worker died %s times in a row while it ran', p.crashes), p.created_at
  from poison p;

  select array_agg(r.id) into lost
  from enginejs.workflow_runs_active r
  where r.status = 'running' and not exists (select from enginejs.workflow_workers w where w.id = r.worker_id);
  perform enginejs.workflow_ring_for(lost);

  return query select unnest(dead);
end
$$;
revoke execute on function enginejs.workflow_reap(int) from public;
reset role;
