-- Pauses a workflow: the clock starts no run of it. Ticks that fall into the pause are not made up for; moments of rows
-- wait for its end. Returns whether it was running.
set role enginejs_writer;
create or replace function enginejs.workflow_pause(workflow text, reason text default null) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into enginejs.workflow_pauses (workflow, reason) values (workflow_pause.workflow, workflow_pause.reason)
  on conflict do nothing;
  return found;
end
$$;
revoke execute on function enginejs.workflow_pause(text, text) from public;
grant execute on function enginejs.workflow_pause(text, text) to enginejs_owner, enginejs_system;

-- Ends the pause; the next tick counts from now. Returns whether it was paused.
create or replace function enginejs.workflow_unpause(workflow text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  paused boolean;
begin
  delete from enginejs.workflow_pauses p where p.workflow = workflow_unpause.workflow;
  paused := found;
  update enginejs.workflow_schedules s set next_at = enginejs.workflow_next_tick(s, clock_timestamp())
  where paused and s.workflow = workflow_unpause.workflow and s.kind <> 'datetime';
  return paused;
end
$$;
revoke execute on function enginejs.workflow_unpause(text) from public;
grant execute on function enginejs.workflow_unpause(text) to enginejs_owner, enginejs_system;
reset role;
