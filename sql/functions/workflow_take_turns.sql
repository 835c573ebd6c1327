-- Begins what may begin of a workflow, the earliest events first, as far as its limits let it; of these concurrency keys only.
-- One at a time for each workflow; returns how many.
--
-- A run whose own record has an earlier event that the relay has not seen yet waits for that: events are taken in the order of
-- their ids, but an id may be committed after a greater one was taken.
set role enginejs_writer;
create or replace function enginejs.workflow_take_turns(workflow text, keys text[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  options jsonb;
  most int;
  rate int;
  per interval;
  turn record;
  oldest timestamptz;
  runs uuid[] := '{}';
begin
  perform pg_advisory_xact_lock(7714006, hashtext(workflow));
  select d.definition -> 'options' into options
  from enginejs.workflow_subscriptions s join enginejs.workflow_definitions d on d.id = s.definition_id
  where s.model = 'workflow:' || workflow_take_turns.workflow;
  most := (options -> 'concurrency' ->> 'limit')::int;
  rate := (options -> 'rate' ->> 'limit')::int;
  per := (options -> 'rate' ->> 'perMs')::bigint * interval '1 ms';
  if rate is not null then
    delete from enginejs.workflow_turn_starts s
    where s.workflow = workflow_take_turns.workflow and s.begun_at <= clock_timestamp() - per;
  end if;
  for turn in
    select t.*
    from (select distinct k.key from unnest(keys) as k (key)) k
    cross join lateral (
      select coalesce(most - count(*), 500)::int as places from enginejs.workflow_turns b
      where b.workflow = workflow_take_turns.workflow and b.concurrency_key = k.key and b.state = 'begun'
    ) free
    cross join lateral (
      select h.* from enginejs.workflow_turns h
      where h.workflow = workflow_take_turns.workflow and h.concurrency_key = k.key and h.state = 'held'
        and h.ready_at <= clock_timestamp()
      order by h.event_id
      limit greatest(free.places, 0)
    ) t
    order by t.event_id
  loop
    if turn.order_key is not null and exists (
      select from enginejs.workflow_events_pending p
      join enginejs.workflow_events e on e.id = p.event_id and e.segment = p.segment
      where p.event_id < turn.event_id and p.model = turn.model and e.record_id = turn.record_id
    ) then
      update enginejs.workflow_turns t set ready_at = clock_timestamp() + interval '50 ms' where t.run_id = turn.run_id;
      continue;
    end if;
    if rate is not null then
      select s.begun_at into oldest from enginejs.workflow_turn_starts s
      where s.workflow = workflow_take_turns.workflow and s.rate_key = turn.rate_key
      order by s.begun_at desc offset rate - 1 limit 1;
      if found then
        update enginejs.workflow_turns t set ready_at = oldest + per where t.run_id = turn.run_id;
        continue;
      end if;
      insert into enginejs.workflow_turn_starts (workflow, rate_key) values (workflow, turn.rate_key);
    end if;
    runs := runs || turn.run_id;
  end loop;
  if runs = '{}' then
    return 0;
  end if;
  update enginejs.workflow_turns t set state = 'begun' where t.run_id = any (runs);
  perform enginejs.workflow_unpark(runs);
  return cardinality(runs);
end
$$;
revoke execute on function enginejs.workflow_take_turns(text, text[]) from public;
reset role;
