-- Whether some workflow wants the events of a model and action; asked by the emit triggers for every statement, and
-- inlined into their plans as a constant. This is the core's stand-in for a system without workflows:
-- workflow_register() replaces the body with each build (`create or replace`, same signature), and by that
-- makes every session plan anew.
set role enginejs_writer;
do $$
begin
  if to_regprocedure('enginejs.workflow_subscribed(text, text)') is null then
    create function enginejs.workflow_subscribed(model text, action text) returns boolean
    language sql immutable parallel safe
    return model || '/' || action = any ('{}'::text[]);
  end if;
end
$$;
revoke execute on function enginejs.workflow_subscribed(text, text) from public;
reset role;
