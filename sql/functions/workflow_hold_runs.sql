-- Makes the runs of a workflow that has turns, one per event, in the transaction that takes the events; the arrays belong
-- together by position. Each waits for its turn, and those whose turn it is begin at once. A key that is null is ''.
--
-- Debounced, an event takes the place of an earlier one of its key that has not begun, and waits as long as is declared, or until
-- the longest wait since the first of them is over.
set role enginejs_writer;
create or replace function enginejs.workflow_hold_runs(
  workflow text, definition_id int, events bigint[], segments int[],
  order_keys text[], concurrency_keys text[], rate_keys text[], debounce_keys text[]
) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  options jsonb;
  given record;
  run uuid;
  ready timestamptz;
  first_event timestamptz;
begin
  perform pg_advisory_xact_lock(7714006, hashtext(workflow));
  select d.definition -> 'options' into options
  from enginejs.workflow_definitions d where d.id = workflow_hold_runs.definition_id;
  for given in
    select u.*, e.model, e.record_id, e.created_at
    from unnest(events, segments, order_keys, concurrency_keys, rate_keys, debounce_keys)
      as u (event_id, segment, order_key, concurrency_key, rate_key, debounce_key)
    join enginejs.workflow_events e on e.id = u.event_id and e.segment = u.segment
    order by u.event_id
  loop
    run := enginejs.workflow_run_id(given.event_id, workflow);
    ready := clock_timestamp();
    first_event := null;
    if options ? 'debounce' then
      -- A later event of the key is there already.
      continue when exists (
        select from enginejs.workflow_turns t
        where t.workflow = workflow_hold_runs.workflow and t.debounce_key = coalesce(given.debounce_key, '')
          and t.state in ('blocked', 'held') and t.event_id > given.event_id
      );
      with earlier as (
        delete from enginejs.workflow_turns t
        where t.workflow = workflow_hold_runs.workflow and t.debounce_key = coalesce(given.debounce_key, '')
          and t.state in ('blocked', 'held')
        returning t.run_id, t.first_at
      ),
      replaced as (
        delete from enginejs.workflow_runs_parked r using earlier e where r.id = e.run_id
      )
      select least(min(e.first_at), given.created_at) into first_event from earlier e;
      -- Without a longest wait a stream of events that never pauses would never run: least() passes over null.
      ready := greatest(ready, least(
        given.created_at + (options -> 'debounce' ->> 'pauseMs')::bigint * interval '1 ms',
        first_event + (options -> 'debounce' ->> 'maxMs')::bigint * interval '1 ms'));
    end if;
    insert into enginejs.workflow_runs_parked as r (id, definition_id, event_id, segment, status)
    values (run, workflow_hold_runs.definition_id, given.event_id, given.segment, 'waiting')
    on conflict do nothing;
    insert into enginejs.workflow_turns
      (run_id, workflow, event_id, segment, model, record_id, state, order_key, concurrency_key, rate_key, debounce_key,
        first_at, priority, ready_at)
    values (run, workflow, given.event_id, given.segment, given.model, given.record_id, 'held',
      case when options ? 'ordered' then coalesce(given.order_key, '') end,
      coalesce(given.concurrency_key, ''), coalesce(given.rate_key, ''),
      case when options ? 'debounce' then coalesce(given.debounce_key, '') end, first_event,
      (options ->> 'priority')::int, ready)
    on conflict do nothing;
    if options ? 'ordered' then
      -- Only the first of a key is held, also where a smaller id comes later.
      update enginejs.workflow_turns t set state = 'blocked'
      where t.workflow = workflow_hold_runs.workflow and t.order_key = coalesce(given.order_key, '') and t.state = 'held'
        and exists (
          select from enginejs.workflow_turns b
          where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
            and (b.event_id < t.event_id or b.state in ('begun', 'halted')));
    end if;
  end loop;
  return enginejs.workflow_take_turns(workflow, array(select distinct coalesce(k, '') from unnest(concurrency_keys) k));
end
$$;
revoke execute on function enginejs.workflow_hold_runs(text, int, bigint[], int[], text[], text[], text[], text[]) from public;
reset role;
