-- Whether the writer may be an actor or have an origin: a role was taken on, as begin_request always does, before the worker
-- says which run it is, or somebody says by hand who acts. Asked by every statement that writes events, and each setting that
-- is looked at costs a single row's insert a hundredth: so the others are not. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_requested() returns boolean
language sql stable parallel safe
return current_setting('role') <> 'none'
  or current_setting('enginejs.actor_id', true) <> '';
revoke execute on function enginejs.emit_requested() from public;
reset role;
