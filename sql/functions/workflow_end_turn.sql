-- Ends the turn of a run that is no longer there to run, and lets those begin that waited for it. Where it has failed and its
-- workflow halts, those of its key wait for somebody: until an operator has it tried again and it is done, or `skip` is said.
-- Does nothing for a run that has not ended.
set role enginejs_writer;
create or replace function enginejs.workflow_end_turn(run uuid, skip boolean default false) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  turn record;
  failed boolean;
  halts boolean;
begin
  select t.* into turn from enginejs.workflow_turns t where t.run_id = run and t.state <> 'failed';
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock(7714006, hashtext(turn.workflow));
  if exists (select from enginejs.workflow_runs_active r where r.id = run)
    or exists (select from enginejs.workflow_runs_parked r where r.id = run) then
    return false;
  end if;
  select f.status = 'failed', d.definition -> 'options' -> 'ordered' ->> 'onFailure' = 'halt' into failed, halts
  from enginejs.workflow_runs_finished f join enginejs.workflow_definitions d on d.id = f.definition_id
  where f.id = run and f.segment = turn.segment;
  if failed and halts and not skip then
    update enginejs.workflow_turns t set state = 'halted' where t.run_id = run;
  else
    if failed then
      update enginejs.workflow_turns t set state = 'failed', debounce_key = null where t.run_id = run;
    else
      delete from enginejs.workflow_turns t where t.run_id = run;
    end if;
    update enginejs.workflow_turns t set state = 'held'
    where t.run_id = (
      select n.run_id from enginejs.workflow_turns n
      where n.workflow = turn.workflow and n.order_key = turn.order_key and n.state <> 'failed'
      order by n.event_id limit 1
    ) and t.state = 'blocked';
  end if;
  perform enginejs.workflow_take_turns(turn.workflow, array(
    select turn.concurrency_key
    union
    select t.concurrency_key from enginejs.workflow_turns t
    where t.workflow = turn.workflow and t.order_key = turn.order_key and t.state = 'held'));
  return true;
end
$$;
revoke execute on function enginejs.workflow_end_turn(uuid, boolean) from public;
grant execute on function enginejs.workflow_end_turn(uuid, boolean) to enginejs_owner;
reset role;
