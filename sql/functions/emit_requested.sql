-- Whether the writer may be an actor or have an origin: a role was taken on, or one of the settings is there.
-- Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_requested() returns boolean
language sql stable parallel safe
return current_setting('role') <> 'none'
  or current_setting('enginejs.actor_id', true) <> ''
  or current_setting('enginejs.request_id', true) <> ''
  or current_setting('enginejs.run_id', true) <> '';
revoke execute on function enginejs.emit_requested() from public;
reset role;
