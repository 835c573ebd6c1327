-- Where a change came from, as events carry it: the request that wrote, or the run of a workflow and how many
-- runs deep it is. Null for neither. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_origin() returns jsonb
language sql stable parallel safe
return case
  when nullif(current_setting('enginejs.request_id', true), '') is not null
    or nullif(current_setting('enginejs.run_id', true), '') is not null
    then jsonb_build_object(
      'requestId', nullif(current_setting('enginejs.request_id', true), ''),
      'runId', nullif(current_setting('enginejs.run_id', true), ''),
      'depth', coalesce(nullif(current_setting('enginejs.depth', true), '')::int, 0))
      || case when coalesce(current_setting('enginejs.traceparent', true), '') = '' then '{}'::jsonb
        else jsonb_build_object('traceparent', current_setting('enginejs.traceparent')) end
end;
revoke execute on function enginejs.emit_origin() from public;
reset role;
