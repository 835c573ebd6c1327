-- The id of the run that follows an event by a workflow: always the same, so that no event has two of a workflow.
-- The event's id in the first eight bytes keeps the index of runs ordered by time, and an event's runs together.
set role enginejs_writer;
create or replace function enginejs.workflow_run_id(event_id bigint, workflow text) returns uuid
language sql immutable parallel safe
return (lpad(to_hex(event_id), 16, '0') || substr(md5(workflow), 1, 16))::uuid;
revoke execute on function enginejs.workflow_run_id(bigint, text) from public;
reset role;
