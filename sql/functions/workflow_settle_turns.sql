-- Looks after turns: ends those of runs that have ended without anybody saying so (their worker died, an operator ended them),
-- and lets those begin whose time has come. Returns the seconds until the next time, null where none is known.
set role enginejs_writer;
create or replace function enginejs.workflow_settle_turns(out next_in double precision)
language plpgsql volatile set search_path = ''
as $$
declare
  ended uuid;
  due record;
begin
  -- One at a time; and for workflows without turns that is all.
  if not exists (select from enginejs.workflow_turns t where t.state <> 'failed') or not pg_try_advisory_xact_lock(7714007, 0) then
    return;
  end if;
  for ended in
    select t.run_id from enginejs.workflow_turns t
    where t.state <> 'failed' and t.state <> 'blocked'
      and not exists (select from enginejs.workflow_runs_active r where r.id = t.run_id)
      and not exists (select from enginejs.workflow_runs_parked r where r.id = t.run_id)
      and (t.state <> 'halted' or not exists (
        select from enginejs.workflow_runs_finished f where f.id = t.run_id and f.segment = t.segment and f.status = 'failed'))
    -- Workflows in one order: no deadlocks.
    order by t.workflow collate "C", t.event_id
    limit 500
  loop
    perform enginejs.workflow_end_turn(ended);
  end loop;
  for due in
    select t.workflow, array_agg(distinct t.concurrency_key) as keys from (
      select h.workflow, h.concurrency_key from enginejs.workflow_turns h
      where h.state = 'held' and h.ready_at <= clock_timestamp() order by h.ready_at limit 500
    ) t
    group by t.workflow order by t.workflow collate "C"
  loop
    perform enginejs.workflow_take_turns(due.workflow, due.keys);
  end loop;
  select extract(epoch from min(t.ready_at) - clock_timestamp()) into next_in
  from enginejs.workflow_turns t where t.state = 'held' and t.ready_at > clock_timestamp();
end
$$;
revoke execute on function enginejs.workflow_settle_turns() from public;
reset role;
