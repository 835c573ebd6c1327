-- Takes a batch of pending events whose ids are greater than `beyond` (0: any) and starts the runs of all
-- workflows that want them without a condition. Returns how many events were taken, the greatest id among them,
-- and those that subscriptions with conditions ask for: the caller evaluates these in the same transaction.
--
-- `beyond` only spares the relay from walking over the dead index entries of what it took before, while an old
-- snapshot keeps them alive. Ids commit out of order, so it must look from 0 again before it sleeps.
--
-- Takes nothing while `most_queued` runs wait for a worker: the backlog stays in the pending table, which is narrow,
-- and graphile_worker's table of jobs stays small.
set role enginejs_writer;
create or replace function enginejs.workflow_relay(
  beyond bigint, batch int, most_queued int,
  out taken int, out last_event bigint, out busy boolean, out conditional jsonb
)
language plpgsql volatile set search_path = ''
as $$
declare
  events bigint[];
  segments int[];
  definitions int[];
begin
  select count(*) >= most_queued into busy
  from (select from enginejs.workflow_runs_active r where r.status = 'queued' limit most_queued) queued;
  if busy then
    taken := 0;
    return;
  end if;
  with due as (
    select p.event_id from enginejs.workflow_events_pending p
    where p.event_id > beyond and (p.next_run_at is null or p.next_run_at <= clock_timestamp())
    order by p.event_id
    limit batch
    for update skip locked
  ),
  event as materialized (
    delete from enginejs.workflow_events_pending p using due where p.event_id = due.event_id
    returning p.event_id, p.segment, p.model, p.action, p.workflows, p.attempts
  ),
  match as materialized (
    select e.event_id, e.segment, e.workflows, e.attempts, s.workflow, s.definition_id, s.conditional
    from event e join enginejs.workflow_subscriptions s on s.model = e.model and s.action = e.action
    where e.workflows is null or s.workflow = any (e.workflows)
  )
  select
    (select count(*) from event), (select max(e.event_id) from event e),
    array_agg(m.event_id) filter (where not m.conditional),
    array_agg(m.segment) filter (where not m.conditional),
    array_agg(m.definition_id) filter (where not m.conditional),
    jsonb_agg(jsonb_build_object('event', m.event_id, 'segment', m.segment, 'workflow', m.workflow,
      'definition', m.definition_id, 'attempts', m.attempts)) filter (where m.conditional)
  into taken, last_event, events, segments, definitions, conditional
  from match m;
  if events is not null then
    perform enginejs.workflow_start_runs(events, segments, definitions);
  end if;
end
$$;
revoke execute on function enginejs.workflow_relay(bigint, int, int) from public;
reset role;
