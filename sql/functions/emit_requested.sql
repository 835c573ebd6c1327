-- Whether the writer may be an actor or have an origin: a role was taken on, as begin_request always does, before the worker
-- says which run it is, or somebody says by hand who acts. Every statement that writes events asks it, and pays for each setting
-- that is looked at: request_id and run_id, which nobody sets without one of these, are not. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_requested() returns boolean
language sql stable parallel safe
return current_setting('role') <> 'none'
  or current_setting('enginejs.actor_id', true) <> '';
revoke execute on function enginejs.emit_requested() from public;
reset role;
