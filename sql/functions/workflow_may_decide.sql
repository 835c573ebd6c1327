-- Whether the actor of this transaction meets an approval's condition, which is a function of the build's; what it reads
-- are the true rows. Null where there is none of that name. What is executed is the call of a function that the catalogue
-- names, never text that was stored. A condition that fails on a value (what came from outside and is not what the model says)
-- is unknown, and so no: else one run would keep its tenant from all that waits for a decision. Not for actors: only workflow_decide and workflow_approvals may call it.
set role enginejs_reader;
create or replace function enginejs.workflow_may_decide(rule text, scope jsonb) returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  asked regproc := enginejs.workflow_find_rule(rule);
  allowed boolean;
begin
  if asked is null then
    return null;
  end if;
  begin
    execute format('select %s($1)', asked) into allowed using scope;
  exception when data_exception then
    return false;
  end;
  return coalesce(allowed, false);
end
$$;
revoke execute on function enginejs.workflow_may_decide(text, jsonb) from public;
grant execute on function enginejs.workflow_may_decide(text, jsonb) to enginejs_writer;
reset role;
