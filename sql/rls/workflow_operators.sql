-- What operators, and managers of webhooks, do is recorded by definers' functions of enginejs_writer: it may append lines of
-- these kinds to the administration log, and nothing else there.
do $$
begin
  set local role enginejs_owner;
  drop policy if exists writer_append on enginejs.administration_log;
  create policy writer_append on enginejs.administration_log for insert to enginejs_writer
    with check (kind like 'workflow.%' or kind like 'webhook.%');
  grant insert (kind, actor, tenant, detail) on enginejs.administration_log to enginejs_writer;
  grant execute on function enginejs.record_administration(text, uuid, uuid, jsonb) to enginejs_writer;
  reset role;
end
$$;
