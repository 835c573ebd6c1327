-- Notices dead workers and gives back what they held: their locks on jobs, their transactions, and their runs. Dead is whose
-- heartbeat is 15 s old, or 3 s old with its session lock free: PostgreSQL frees that about 10 ms after a process is killed.
-- While the server was not there nobody could beat: that time does not count.
-- A wrong guess does no harm to database steps: the lease has changed, and what the old one writes counts for nothing.
--
-- A run whose worker died `most_crashes` times in a row without any result between fails, and is undone: it kills its workers. Where the
-- server itself was restarted meanwhile, nobody knows whose fault it was, and it does not count.
-- Returns the workers that were found dead.
set role enginejs_writer;
create or replace function enginejs.workflow_reap(most_crashes int) returns setof int
language plpgsql volatile set search_path = ''
as $$
declare
  dead int[];
  pools text[];
  lost uuid[];
begin
  with gone as (
    delete from enginejs.workflow_workers w
    where w.id in (
      select x.id from enginejs.workflow_workers x
      where greatest(x.heartbeat_at, pg_postmaster_start_time()) < clock_timestamp() - interval '15 s'
        or greatest(x.heartbeat_at, pg_postmaster_start_time()) < clock_timestamp() - interval '3 s'
          and pg_try_advisory_xact_lock(7714002, x.id)
      for update skip locked
    )
    returning w.id, w.pools
  )
  select array_agg(distinct g.id), array_agg(p.pool) filter (where p.pool is not null)
  into dead, pools
  from gone g left join lateral unnest(g.pools) as p (pool) on true;

  if pools is not null then
    perform graphile_worker.force_unlock_workers(pools);
    -- As its add_jobs does: the living would look only at their next poll, two seconds later.
    perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 100)::text);
  end if;

  -- A process that hangs, or was stopped, keeps its connections: its relay would lead for ever, and what it stands still
  -- in the middle of would hold its locks. Its relay's session and its transactions hold this lock (see workflow_holds).
  -- Those of another login may not be this one's to end.
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714009 and l.objid = any (dead::oid[]) and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and pg_has_role(a.usesysid, 'usage');

  -- Also those of workers that are in no list at all. One that such a transaction has locked is left to the next look, so
  -- that it keeps nobody else's from being given back.
  lost := array(
    select a.id from enginejs.workflow_runs_active a
    where a.status = 'running' and not exists (select from enginejs.workflow_workers w where w.id = a.worker_id)
    order by a.id
    for update of a skip locked
  );
  update enginejs.workflow_runs_active r
  set crashes = case
      when s.results > r.crashed_after then 1
      when r.since < pg_postmaster_start_time() then r.crashes
      else r.crashes + 1
    end,
    crashed_after = s.results,
    error = 'the worker died'
  from (
    select a.id, (
      select count(*) from enginejs.workflow_run_steps s where s.run_id = a.id and s.segment = a.segment
    )::int as results
    from enginejs.workflow_runs_active a
    where a.id = any (lost)
  ) s
  where r.id = s.id;

  -- What it did is undone like that of any run that fails, by a worker: functions/workflow_compensate.sql takes it from here. Where
  -- there is nothing to undo it ends at once, and so does one that kills its workers while it is undone.
  update enginejs.workflow_runs_active r
  set failure = jsonb_build_object('step', coalesce(r.failed_step, 'start'), 'died', true,
      'error', format('its worker died %s times in a row while it ran', r.crashes)),
    crashes = 0
  from enginejs.workflow_definitions d
  where r.id = any (lost) and r.crashes >= most_crashes and r.failure is null and d.id = r.definition_id
    and (r.waits or jsonb_path_exists(d.definition, 'strict $.**.kind ? (@ == "compensate")'));

  with poison as (
    delete from enginejs.workflow_runs_active r
    where r.id = any (lost) and r.crashes >= most_crashes
    returning r.*
  ),
  forgotten as (
    delete from enginejs.workflow_waits w using poison p where w.run_id = p.id
  )
  insert into enginejs.workflow_runs_finished
    (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at)
  select p.id, p.definition_id, p.event_id, p.segment, 'failed', p.attempts, coalesce(p.failure ->> 'step', p.failed_step),
    concat_ws('; ', p.failure ->> 'error',
      format('its worker died %s times in a row while it %s', p.crashes, case when p.failure is null then 'ran' else 'was undone' end)),
    p.created_at
  from poison p;

  -- Whoever died three times beside others may be killed by one of these: begun together again they would die together until all
  -- of them fail. Each comes back at a time of its own.
  with crowd as (
    select r.id, count(*) over (partition by r.worker_id) as runs from enginejs.workflow_runs_active r where r.id = any (lost)
  ),
  parted as (
    update enginejs.workflow_runs_active r
    set status = 'waiting', worker_id = null, job_id = null, since = clock_timestamp(),
      next_run_at = clock_timestamp() + random() * 2 ^ least(r.crashes, 4) * interval '1 s'
    from crowd c
    where r.id = c.id and c.runs > 1 and r.crashes >= 3 and r.failure is null and r.cancel is null
    returning r.id
  )
  select array_agg(c.id) into lost from crowd c where c.id not in (select p.id from parted p);
  perform enginejs.workflow_ring_for(lost);

  return query select unnest(dead);
end
$$;
revoke execute on function enginejs.workflow_reap(int) from public;
reset role;
