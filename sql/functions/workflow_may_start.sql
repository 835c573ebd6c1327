-- Whether the `allow` of a workflow's trigger lets the actor of the settings start it with this input. This is the core's
-- stand-in for a system in which none says any; a build replaces the body (`create or replace`, same signature). A definer's
-- function, so that nothing of a model has to be readable for those who ask.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.workflow_may_start(text, jsonb)') is null then
    create function enginejs.workflow_may_start(workflow text, input jsonb) returns boolean
    language sql stable security definer set search_path = ''
    as 'select false';
  end if;
end
$$;
revoke execute on function enginejs.workflow_may_start(text, jsonb) from public;
grant execute on function enginejs.workflow_may_start(text, jsonb) to enginejs_writer;
reset role;
