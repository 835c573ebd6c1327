-- Retention: begins a new segment when the open one is old enough, and drops those whose events are all done and
-- whose last event is older than asked. One that holds failed events or runs is kept longer; one that holds
-- unfinished ones is kept. Returns how many segments were dropped. Sets its own lock_timeout: a writer waits for it
-- for a fifth of a second at most, and what it could not do is done the next time.
set role enginejs_writer;
create or replace function enginejs.workflow_maintain(segment_age interval, keep_done interval, keep_failed interval)
returns int
language plpgsql volatile security definer set search_path = '' set lock_timeout = '200ms'
as $$
declare
  old record;
  dropped int := 0;
begin
  -- One at a time; the others have nothing to do.
  if not pg_try_advisory_xact_lock(7714003, 0) then
    return 0;
  end if;
  if exists (
    select from enginejs.workflow_segments s where s.closed_at is null and s.opened_at < clock_timestamp() - segment_age
  ) then
    perform enginejs.workflow_open_segment();
  end if;
  perform enginejs.workflow_forget_rules('1 hour');
  delete from enginejs.workflow_signals k where k.created_at < clock_timestamp() - keep_failed;
  for old in
    select s.segment, s.closed_at from enginejs.workflow_segments s
    where s.closed_at < clock_timestamp() - keep_done
      and not exists (select from enginejs.workflow_events_pending p where p.segment = s.segment)
      and not exists (select from enginejs.workflow_events_held h where h.segment = s.segment)
      and not exists (select from enginejs.workflow_messages_kept k where k.segment = s.segment)
      and not exists (select from enginejs.workflow_runs_active r where r.segment = s.segment)
      and not exists (select from enginejs.workflow_runs_parked r where r.segment = s.segment)
    order by s.segment
  loop
    continue when old.closed_at >= clock_timestamp() - keep_failed and (
      exists (select from enginejs.workflow_events_failed f where f.segment = old.segment)
      or exists (select from enginejs.workflow_runs_finished r where r.segment = old.segment and r.status = 'failed')
    );
    execute format('drop table enginejs.workflow_events_%s, enginejs.workflow_runs_finished_%1$s, enginejs.workflow_run_steps_%1$s',
      old.segment);
    delete from enginejs.workflow_events_failed f where f.segment = old.segment;
    delete from enginejs.workflow_turns t where t.segment = old.segment and t.state = 'failed';
    delete from enginejs.workflow_segments s where s.segment = old.segment;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
revoke execute on function enginejs.workflow_maintain(interval, interval, interval) from public;
reset role;
