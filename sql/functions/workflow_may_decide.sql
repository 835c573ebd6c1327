-- Whether the actor of this transaction meets an approval's condition. Its SQL was made by the worker from the
-- workflow's definition and stands in a table that nobody else writes; what it reads are the true rows. Not for actors:
-- only workflow_decide and workflow_approvals, which take the text from that table, may call it.
set role enginejs_reader;
create or replace function enginejs.workflow_may_decide(policy text, scope jsonb) returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  allowed boolean;
begin
  execute policy into allowed using
    scope -> 'before', scope -> 'after', scope -> 'input', scope -> 'value',
    (scope ->> 'recordId')::uuid, (scope ->> 'tenantId')::uuid;
  return coalesce(allowed, false);
end
$$;
revoke execute on function enginejs.workflow_may_decide(text, jsonb) from public;
grant execute on function enginejs.workflow_may_decide(text, jsonb) to enginejs_writer;
reset role;
