-- Makes one run per event and definition. Called by workflow_relay, and by the relay for what conditions let pass, in one
-- transaction with the taking of the events: a run is made exactly once. The arrays belong together by position.
--
-- The first `slots` of them are made as runs of `worker` already, each with a lease: what the relay's own process has hands
-- free for needs no job, no claim and no further round trip. `begun` is what it needs of them, as workflow_claim gives it
-- for others. If the process dies with them, they are the runs of a dead worker like any others (workflow_reap); if the
-- answer is lost, runs that it does not know of (workflow_forgotten). A worker that was declared dead gets none.
-- A first lease is drawn, not 1: the relay commits asynchronously (see workflow_relay), so a crash of the server may take
-- back that a lease was given, and the next one must not be the same.
--
-- For the rest there are jobs: one rings for a sixteenth of them, at most 50, so that any worker may take a part of them
-- and what a job costs (three writes and a row) is shared.
--
-- A workflow may have been paused since the relay read its subscription: its runs are made, and wait.
--
-- What that saves against a job, a claim and a checkpoint for each run: `npm run bench -- workflows`, case `no-op`.
--
-- Planning anew for each array of events took as long as making one run. So there is one plan, which nothing that statistics
-- say of the log may change: each event is looked up by its key, one by one (`offset 0` keeps it from becoming a join).
set role enginejs_writer;
create or replace function enginejs.workflow_start_runs(
  events bigint[], segments int[], definitions int[], worker int default null, slots int default 0, out begun json
)
language plpgsql volatile set search_path = '' set plan_cache_mode = force_generic_plan set enable_seqscan = off
  set enable_bitmapscan = off
as $$
declare
  mine int := 0;
  others int;
  first_lease constant int := 1 + (random() * 1000000000)::int;
  heavy uuid[];
begin
  if exists (select from enginejs.workflow_pauses) then
    insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, status)
    select enginejs.workflow_run_id(u.event_id, d.name), u.definition_id, u.event_id, u.segment, 'paused'
    from unnest(events, segments, definitions) as u (event_id, segment, definition_id)
    join enginejs.workflow_definitions d on d.id = u.definition_id
    join enginejs.workflow_pauses p on p.workflow = d.name
    on conflict (id) do nothing;
    select coalesce(array_agg(u.event_id order by u.place), '{}'), array_agg(u.segment order by u.place),
      array_agg(u.definition_id order by u.place)
    into events, segments, definitions
    from unnest(events, segments, definitions) with ordinality as u (event_id, segment, definition_id, place)
    join enginejs.workflow_definitions d on d.id = u.definition_id
    where not exists (select from enginejs.workflow_pauses p where p.workflow = d.name);
  end if;
  others := cardinality(events);
  if slots > 0 and exists (select from enginejs.workflow_workers w where w.id = worker) then
    mine := least(slots, others);
    with run as (
      insert into enginejs.workflow_runs_active as r
        (id, definition_id, event_id, segment, status, lease, worker_id, attempts)
      select enginejs.workflow_run_id(u.event_id, d.name), u.definition_id, u.event_id, u.segment, 'running', first_lease,
        worker, 1
      from unnest(events[:mine], segments[:mine], definitions[:mine]) as u (event_id, segment, definition_id)
      join enginejs.workflow_definitions d on d.id = u.definition_id
      on conflict (id) do nothing
      returning r.id, r.lease, r.definition_id, r.event_id, r.segment
    )
    -- What is heavy comes by a claim of its own: all of these are one value, of which PostgreSQL makes none larger than 1 GB.
    select array_agg(r.id) filter (where pg_column_size(e.input) > 32768), json_agg(json_build_object(
      'id', r.id, 'lease', r.lease, 'definition_id', r.definition_id, 'segment', r.segment,
      'event', json_build_object('id', e.id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
        'before', e.before, 'after', e.after, 'input', e.input, 'createdAt', e.created_at),
      'actor', e.actor, 'origin', e.origin,
      -- No numeric: one whose last digit is 0 would have the worker read all of this number by number (exact-json.ts).
      'age_ms', round(extract(epoch from clock_timestamp() - e.created_at) * 1000, 3)::double precision))
      filter (where pg_column_size(e.input) > 32768 is not true)
    into heavy, begun
    from run r
    cross join lateral (
      select l.* from enginejs.workflow_events l where l.id = r.event_id and l.segment = r.segment offset 0
    ) e;
    if heavy is not null then
      perform enginejs.workflow_ring_for(heavy);
    end if;
  end if;
  if mine = others then
    return;
  end if;
  with run as materialized (
    select enginejs.workflow_run_id(u.event_id, d.name) as id, u.event_id, u.segment, u.definition_id,
      (row_number() over () - 1) / least(50, 1 + (others - mine) / 16) as job
    from unnest(events[mine + 1:], segments[mine + 1:], definitions[mine + 1:]) as u (event_id, segment, definition_id)
    join enginejs.workflow_definitions d on d.id = u.definition_id
  ),
  job as (
    select j.id, x.run::uuid as run
    from graphile_worker.add_jobs(array(
      select (
        'enginejs:run', json_build_object('runs', json_agg(run.id)), null, null,
        -- Whether a run is tried again is decided by the run, never by its job.
        32767,
        null, null, null
      )::graphile_worker.job_spec
      from run group by run.job order by run.job
    )) j
    cross join json_array_elements_text(j.payload -> 'runs') as x (run)
  )
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, job_id)
  select run.id, run.definition_id, run.event_id, run.segment, job.id
  from run join job on job.run = run.id
  on conflict (id) do nothing;
end
$$;
revoke execute on function enginejs.workflow_start_runs(bigint[], int[], int[], int, int) from public;
reset role;
