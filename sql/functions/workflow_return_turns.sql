-- Puts turns that are held anew into the order of their keys, the earliest events first, and begins what may begin: of each key
-- one is under way or the first to begin, and the others are blocked. The caller holds the locks of their workflows.
set role enginejs_writer;
create or replace function enginejs.workflow_return_turns(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  due record;
begin
  with touched as (
    select distinct t.workflow, t.order_key from enginejs.workflow_turns t
    where t.run_id = any (runs) and t.order_key is not null
  )
  update enginejs.workflow_turns t set state = 'blocked'
  from touched k
  where t.workflow = k.workflow and t.order_key = k.order_key and t.state = 'held'
    and exists (
      select from enginejs.workflow_turns b
      where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
        and (b.event_id < t.event_id or b.state in ('begun', 'halted')));
  for due in
    select t.workflow, array_agg(distinct t.concurrency_key) as keys from enginejs.workflow_turns t
    where t.run_id = any (runs) group by t.workflow order by t.workflow collate "C"
  loop
    perform enginejs.workflow_take_turns(due.workflow, due.keys);
  end loop;
end
$$;
revoke execute on function enginejs.workflow_return_turns(uuid[]) from public;
reset role;
