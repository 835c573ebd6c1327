-- Rings for runs: those whose pause is over, those parked whose next time has come or whose child has ended, and queued ones whose job is gone or locked by nobody who lives (somebody
-- deleted it, or a worker died between taking its pool's name and telling it). Returns how many it rang for, and
-- the seconds until the next pause ends.
set role enginejs_writer;
create or replace function enginejs.workflow_wake(most int, out woken int, out next_in double precision)
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  select array_agg(due.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.next_run_at <= clock_timestamp()
    order by r.next_run_at
    limit most
    for update skip locked
  ) due;
  perform enginejs.workflow_ring_for(runs);
  woken := coalesce(cardinality(runs), 0);

  select array_agg(due.id) into runs
  from (
    select r.id from enginejs.workflow_runs_parked r
    where r.next_run_at <= clock_timestamp()
    order by r.next_run_at
    limit most
  ) due;
  woken := woken + enginejs.workflow_unpark(runs) + enginejs.workflow_children_ended();

  select array_agg(lost.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.status = 'queued' and r.since < clock_timestamp() - interval '5 s'
      and not exists (
        select from graphile_worker._private_jobs j
        where j.id = r.job_id and (j.locked_by is null or j.locked_by in (
          select unnest(w.pools) from enginejs.workflow_workers w))
      )
    limit most
    for update skip locked
  ) lost;
  perform enginejs.workflow_ring_for(runs);
  woken := woken + coalesce(cardinality(runs), 0);

  select extract(epoch from least(
    (select min(r.next_run_at) from enginejs.workflow_runs_active r where r.next_run_at is not null),
    (select min(r.next_run_at) from enginejs.workflow_runs_parked r where r.next_run_at is not null)
  ) - clock_timestamp()) into next_in;
end
$$;
revoke execute on function enginejs.workflow_wake(int) from public;
reset role;
