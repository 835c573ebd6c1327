-- Takes over what a build says of webhooks: which events are offered, under which names their columns leave, who manages
-- endpoints. Called by workflow_register(), which then subscribes to these events.
--
-- A queue's messages have no fields: they leave as they were published, see webhook_deliver().
--
-- Fields are made from the storage map: columns of the entity's own table. What lies in a side table, because not everybody may
-- read it, enters neither the log nor a body.
set role enginejs_writer;
create or replace function enginejs.webhook_register(ir jsonb) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  delete from enginejs.webhook_events;
  delete from enginejs.webhook_settings;
  if not ir ? 'webhooks' then
    return;
  end if;
  insert into enginejs.webhook_settings (managers, private_hosts)
  select array(select jsonb_array_elements_text(ir -> 'webhooks' -> 'manage')),
    array(select jsonb_array_elements_text(ir -> 'webhooks' -> 'privateHosts'));
  insert into enginejs.webhook_events (model, action, type, is_tenant, fields)
  select w.event ->> 'entity', w.event ->> 'action', w.event ->> 'name',
    w.event ->> 'entity' = coalesce(ir -> 'tenancy' ->> 'entity', ''),
    coalesce((
      select jsonb_object_agg(f.field -> 'storage' ->> 'column',
        -- A reference is its column in the API: `customerId`.
        f.field ->> 'name' || case f.field -> 'type' ->> 'kind' when 'one' then 'Id' else '' end)
      from jsonb_array_elements(x.entity -> 'fields') as f (field)
      where f.field -> 'storage' ->> 'kind' in ('column', 'generated')
    ), '{}')
  from jsonb_array_elements(ir -> 'webhooks' -> 'events') as w (event)
  join jsonb_array_elements(ir -> 'entities') as x (entity) on x.entity ->> 'name' = w.event ->> 'entity';
  insert into enginejs.webhook_events (model, action, type, is_tenant, fields)
  select 'queue:' || (w.event ->> 'queue'), 'message', w.event ->> 'name', false, '{}'
  from jsonb_array_elements(ir -> 'webhooks' -> 'events') as w (event)
  where w.event ? 'queue';
end
$$;
revoke execute on function enginejs.webhook_register(jsonb) from public;
reset role;
