-- Gives a worker the runs that it asks for, those of them that are still queued: compare and set. Each claim is a
-- new lease. A worker that was declared dead gets none. Returns what a run needs: its event and the results so far.
-- A run that was rung for at the very moment at which its workflow was paused is queued still: it waits from here on.
-- Never by a sequential scan, whatever statistics say of the active runs: see workflow_finish.
set role enginejs_writer;
create or replace function enginejs.workflow_claim(runs uuid[], worker int)
returns table (
  id uuid, lease int, definition_id int, segment int, attempts int, failed_step text, failures int,
  event jsonb, actor jsonb, origin jsonb, results jsonb, waits boolean, failure jsonb, cancel text, age_ms double precision
)
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
begin
  if exists (select from enginejs.workflow_pauses) then
    update enginejs.workflow_runs_active r
    set status = 'paused', job_id = null, since = clock_timestamp()
    from enginejs.workflow_definitions d join enginejs.workflow_pauses p on p.workflow = d.name
    where r.id = any (runs) and d.id = r.definition_id and r.status = 'queued' and r.paused is not false
      and r.cancel is null and r.failure is null;
  end if;
  return query
  with claimed as (
    update enginejs.workflow_runs_active r
    set status = 'running', lease = r.lease + 1, worker_id = worker, attempts = r.attempts + 1,
      since = clock_timestamp()
    where r.id = any (runs) and r.status = 'queued'
      and exists (select from enginejs.workflow_workers w where w.id = worker)
    returning r.id, r.lease, r.definition_id, r.event_id, r.segment, r.attempts, r.failed_step, r.failures,
      r.waits, r.failure, r.cancel, r.restarted_at
  )
  select c.id, c.lease, c.definition_id, c.segment, c.attempts, c.failed_step, c.failures,
    jsonb_build_object('id', e.id::text, 'model', e.model, 'action', e.action, 'recordId', e.record_id,
      'before', e.before, 'after', e.after, 'input', e.input, 'createdAt', e.created_at),
    e.actor, e.origin,
    coalesce((
      select jsonb_object_agg(s.step, s.output) from enginejs.workflow_run_steps s
      where s.run_id = c.id and s.segment = c.segment
    ), '{}'),
    c.waits, c.failure, c.cancel, extract(epoch from clock_timestamp() - coalesce(c.restarted_at, e.created_at))::double precision * 1000
  from claimed c
  join enginejs.workflow_events e on e.id = c.event_id and e.segment = c.segment;
end
$$;
revoke execute on function enginejs.workflow_claim(uuid[], int) from public;
reset role;
