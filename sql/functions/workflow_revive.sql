-- Takes failed runs back, with their checkpoints: each tries its failed step again with all its attempts, and its time counts
-- from now. Those that take turns wait for theirs, by the keys that they had: behind the limits, and in their place in the
-- order. For the others it rings at once. Returns how many; those that are not failed (any more) are left alone.
set role enginejs_writer;
create or replace function enginejs.workflow_revive(runs uuid[], segments int[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  given text;
  revived uuid[];
  waiting uuid[];
begin
  -- Before any row, as all who change turns; workflows in one order: no deadlocks.
  for given in
    select distinct t.workflow collate "C" from enginejs.workflow_turns t where t.run_id = any (runs) order by 1
  loop
    perform pg_advisory_xact_lock(7714006, hashtext(given));
  end loop;
  with taken as (
    delete from enginejs.workflow_runs_finished f
    using unnest(runs, segments) as u (run, segment)
    where f.id = u.run and f.segment = u.segment and f.status = 'failed'
    returning f.id, f.definition_id, f.event_id, f.segment, f.attempts, f.failed_step, f.error, f.created_at
  ),
  parked as (
    insert into enginejs.workflow_runs_parked
      (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at, restarted_at)
    select t.id, t.definition_id, t.event_id, t.segment, 'waiting', t.attempts, t.failed_step, t.error, t.created_at,
      clock_timestamp()
    from taken t
    returning id
  )
  select array_agg(p.id order by p.id) into revived from parked p;
  if revived is null then
    return 0;
  end if;
  with held as (
    update enginejs.workflow_turns t set state = 'held', ready_at = clock_timestamp(), debounce_key = null
    where t.run_id = any (revived) returning t.run_id
  )
  select array_agg(h.run_id) into waiting from held h;
  perform enginejs.workflow_unpark(array(select u.run from unnest(revived) as u (run) where u.run <> all (coalesce(waiting, '{}'))));
  if waiting is not null then
    perform enginejs.workflow_return_turns(waiting);
  end if;
  return cardinality(revived);
end
$$;
revoke execute on function enginejs.workflow_revive(uuid[], int[]) from public;
reset role;
