-- The task that a step calls, `slack/post-message`, by the step's path in a run of this definition: `each[3].tell`. Null where it calls
-- none. Ids are unique in the whole definition, so that the last part of a path is enough.
set role enginejs_writer;
create or replace function enginejs.workflow_task_of(definition jsonb, step text) returns text
language sql immutable set search_path = ''
as $$
  select jsonb_path_query_first(definition, '$.** ? (@.kind == "task" && @.id == $id).task',
    jsonb_build_object('id', regexp_replace(step, '^.*\.', ''))) #>> '{}'
$$;
revoke execute on function enginejs.workflow_task_of(jsonb, text) from public;
reset role;
