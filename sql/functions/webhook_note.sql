-- A line of the administration log about webhooks, in the transaction that does it.
set role enginejs_writer;
create or replace function enginejs.webhook_note(verb text, tenant uuid, detail jsonb) returns void
language sql volatile set search_path = ''
as $$
  select enginejs.record_administration('webhook.' || verb, null, tenant,
    jsonb_strip_nulls(detail || jsonb_build_object('by', case when current_setting('role') = 'enginejs_user' then enginejs.actor_id() end)))
$$;
revoke execute on function enginejs.webhook_note(text, uuid, jsonb) from public;
reset role;
