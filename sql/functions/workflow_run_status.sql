-- What people call the state of a run that is not finished: pending, processing, waiting, paused or compensating.
-- Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.workflow_run_status(status text, parked boolean, failure jsonb, paused boolean) returns text
language sql immutable parallel safe
return case
  when failure is not null then 'compensating'
  when status = 'running' then 'processing'
  when status = 'paused' or parked and paused then 'paused'
  when parked or status = 'waiting' then 'waiting'
  else 'pending'
end;
revoke execute on function enginejs.workflow_run_status(text, boolean, jsonb, boolean) from public;
grant execute on function enginejs.workflow_run_status(text, boolean, jsonb, boolean) to enginejs_owner;
reset role;
