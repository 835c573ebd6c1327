-- Asks for the end of a run: what it did is undone by its compensations, and it ends as cancelled. Returns whether there is
-- such a run that is not finished; one that the relay has not made yet counts, once its event is committed. A running one is told by its
-- worker within about a second.
set role enginejs_writer;
create or replace function enginejs.workflow_cancel(run uuid, reason text default 'cancelled') returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  current_status text;
begin
  -- Twice: it may move between the two tables meanwhile.
  for i in 1..2 loop
    update enginejs.workflow_runs_active r set cancel = coalesce(r.cancel, reason, 'cancelled') where r.id = run
    returning r.status into current_status;
    if found then
      if current_status in ('waiting', 'paused') then
        perform enginejs.workflow_ring_for(array[run]);
      end if;
      return true;
    end if;
    update enginejs.workflow_runs_parked r set cancel = coalesce(r.cancel, reason, 'cancelled') where r.id = run;
    if found then
      perform enginejs.workflow_unpark(array[run]);
      return true;
    end if;
    -- Or be made.
    if enginejs.workflow_make_cancelled(run, reason) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
revoke execute on function enginejs.workflow_cancel(uuid, text) from public;
grant execute on function enginejs.workflow_cancel(uuid, text) to enginejs_owner, enginejs_system;
reset role;
