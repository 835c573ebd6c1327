-- Keeps messages that the relay took and no workflow receives, in the transaction that took them; the first build with one gives
-- them back (functions/workflow_register.sql). Neither may miss the other: a build holds the lock 7714020 from where it gives
-- back to its end, and whoever keeps holds it shared. While a build has it the messages are pending again, for a second.
set role enginejs_writer;
create or replace function enginejs.workflow_keep_messages(events bigint[], segments int[]) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  nobody_builds constant boolean := pg_try_advisory_xact_lock_shared(7714020, 0);
begin
  -- A new snapshot: what a build has committed before the lock was free is seen.
  with message as (
    select e.id, e.segment, e.model, e.action, exists (
      select from enginejs.workflow_subscriptions s where s.model = e.model and s.action = e.action) as received
    from unnest(events, segments) as u (event, segment)
    join enginejs.workflow_events e on e.id = u.event and e.segment = u.segment
  ),
  kept as (
    insert into enginejs.workflow_messages_kept (event_id, segment, queue)
    select m.id, m.segment, substr(m.model, 7) from message m where nobody_builds and not m.received
    on conflict do nothing
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action, next_run_at)
  select m.id, m.segment, m.model, m.action, case when not m.received then clock_timestamp() + interval '1 s' end
  from message m where m.received or not nobody_builds;
end
$$;
revoke execute on function enginejs.workflow_keep_messages(bigint[], int[]) from public;
reset role;
