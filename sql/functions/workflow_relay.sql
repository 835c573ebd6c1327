-- Takes a batch of pending events whose ids are greater than `beyond` (0: any) and starts the runs of all
-- workflows that want them without a condition. Returns how many events were taken, the greatest id among them,
-- the runs that `worker`, who has `slots` hands free, is to do itself (see workflow_start_runs), and those that
-- subscriptions with conditions ask for: the caller evaluates these in the same transaction. A caller that is in none
-- says so by `conditions`, and is refused (EJ428) where there are any: it comes again with a transaction.
--
-- `beyond` only spares the relay from walking over the dead index entries of what it took before, while an old
-- snapshot keeps them alive. Ids commit out of order, so it must look from 0 again before it sleeps.
--
-- More than `slots` are taken for others only: where other workers live, or the caller says `spill`, because none of its
-- own hands was free for a while. And none while `most_queued` runs wait for a worker. The backlog stays in the pending
-- table, which is narrow, and graphile_worker's table of jobs stays small. `full`: events were left for want of slots.
--
-- The relay's session commits asynchronously. What a crash of the server may take back is whole transactions of this
-- function, the latest ones: then the events are pending again and the runs were never made, as if the crash had come
-- a moment earlier. Nothing durable can have followed from them: WAL is one sequence, so the first checkpoint of such a run
-- makes its making durable as well.
--
-- Statistics say that a queue is empty, whatever is in it now: so the plan must not depend on them. No join with the
-- pending table, no sequential scan of it, and no bitmap of it that is sorted then: each made the planner walk over all of a
-- backlog for each batch.
set role enginejs_writer;
create or replace function enginejs.workflow_relay(
  beyond bigint, batch int, most_queued int,
  worker int default null, slots int default 0, spill boolean default true, conditions boolean default true,
  out taken int, out last_event bigint, out busy boolean, out "full" boolean, out conditional jsonb, out begun json
)
language plpgsql volatile set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  most int := batch;
  events bigint[];
  segments int[];
  definitions int[];
  held jsonb;
  -- Those that webhooks are offered for.
  hook_events bigint[];
  hook_segments int[];
  -- Messages that no workflow receives.
  lone_events bigint[];
  lone_segments int[];
begin
  taken := 0;
  busy := false;
  "full" := false;
  if not spill and not exists (
    select from enginejs.workflow_workers w
    where w.id <> worker and w.heartbeat_at > clock_timestamp() - interval '5 s'
  ) then
    most := least(batch, slots);
  elsif slots < batch then
    select count(*) >= most_queued into busy
    from (select from enginejs.workflow_runs_active r where r.status = 'queued' limit most_queued) queued;
    if busy then
      most := least(batch, slots);
    end if;
  end if;
  if most > 0 then
    with event as materialized (
      delete from enginejs.workflow_events_pending p
      where p.event_id = any (array(
        select due.event_id from enginejs.workflow_events_pending due
        where due.event_id > beyond and (due.next_run_at is null or due.next_run_at <= clock_timestamp())
        order by due.event_id
        limit most
        for update skip locked
      ))
      returning p.event_id, p.segment, p.model, p.action, p.workflows, p.attempts
    ),
    match as materialized (
      select e.event_id, e.segment, e.model, e.workflows, e.attempts, s.workflow, s.definition_id, s.conditional, s.paused
      from event e join enginejs.workflow_subscriptions s on s.model = e.model and s.action = e.action
      where e.workflows is null or s.workflow = any (e.workflows)
      order by e.event_id
    ),
    lone as (
      select e.event_id, e.segment from event e
      where e.model like 'queue:%' and e.workflows is null
        and not exists (select from enginejs.workflow_subscriptions s where s.model = e.model and s.action = e.action)
    )
    select
      (select count(*) from event), (select max(e.event_id) from event e),
      array_agg(m.event_id) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.segment) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.definition_id) filter (where not m.conditional and not m.paused and m.definition_id is not null),
      array_agg(m.event_id) filter (where m.definition_id is null), array_agg(m.segment) filter (where m.definition_id is null),
      jsonb_agg(jsonb_build_object('event', m.event_id, 'segment', m.segment, 'workflow', m.workflow,
        'definition', m.definition_id, 'attempts', m.attempts, 'model', m.model)) filter (where m.conditional and not m.paused),
      jsonb_agg(jsonb_build_object('event_id', m.event_id, 'segment', m.segment, 'workflow', m.workflow)) filter (where m.paused),
      (select array_agg(l.event_id order by l.event_id) from lone l), (select array_agg(l.segment order by l.event_id) from lone l)
    into taken, last_event, events, segments, definitions, hook_events, hook_segments, conditional, held, lone_events, lone_segments
    from match m;
  end if;
  "full" := taken = most and most < batch;
  if conditional is not null and not conditions then
    raise exception 'events of workflows with conditions: they are evaluated in the transaction that takes them'
      using errcode = 'EJ428';
  end if;
  -- Kept for workflows that are paused: see workflow_pauses.sql.
  if held is not null then
    insert into enginejs.workflow_events_held (event_id, segment, workflow)
    select h.event_id, h.segment, h.workflow from jsonb_to_recordset(held) as h (event_id bigint, segment int, workflow text)
    on conflict do nothing;
  end if;
  if lone_events is not null then
    perform enginejs.workflow_keep_messages(lone_events, lone_segments);
  end if;
  if hook_events is not null then
    perform enginejs.webhook_deliver(hook_events, hook_segments);
  end if;
  if events is not null then
    begun := enginejs.workflow_start_runs(events, segments, definitions, worker, slots);
  end if;
end
$$;
revoke execute on function enginejs.workflow_relay(bigint, int, int, int, int, boolean, boolean) from public;
reset role;
