-- Makes the deliveries of events that webhooks are offered for: one per event and endpoint of the row's tenant that chose it.
-- Called by the relay in the transaction that takes the events, so exactly once. Returns how many.
--
-- What it costs where nobody wants them: without an enabled endpoint one look into an empty table; else, per event, its row
-- of the log by the key, to know the tenant, and one look into that tenant's endpoints. Bodies are made for wanted ones only.
-- Events of a model and action that the config does not offer never come here: they are no subscription.
--
-- The tenant is the row's, never the actor's: somebody of another tenant, or of none, may have written it. A message of a queue has
-- no row: its tenant is the one that it was published in, which begin_request or the run of a workflow has set; one that was
-- published in none goes to nobody.
set role enginejs_writer;
create or replace function enginejs.webhook_deliver(events bigint[], segments int[]) returns int
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
declare
  made int;
begin
  if not exists (select from enginejs.webhook_endpoints n where n.enabled) then
    return 0;
  end if;
  with event as materialized (
    select e.id, e.created_at, e.record_id, e.action, e.before, e.after, e.changed, e.truncated, w.type, w.fields,
      case when e.model like 'queue:%' then e.input end as message,
      case
        when e.model like 'queue:%' then case
          when e.actor ->> 'tenant' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then (e.actor ->> 'tenant')::uuid end
        when w.is_tenant then e.record_id
        else coalesce(e.after ->> 'tenant_id', e.before ->> 'tenant_id')::uuid end as tenant_id
    from unnest(events, segments) as u (event_id, segment)
    join enginejs.workflow_events e on e.id = u.event_id and e.segment = u.segment
    join enginejs.webhook_events w on w.model = e.model and w.action = e.action
    -- Only values that no body may hold have changed.
    where e.action <> 'update' or w.fields ?| e.changed
  ),
  wanted as materialized (
    select e.id as event_id, n.id as endpoint_id, n.tenant_id
    from event e join enginejs.webhook_endpoints n on n.tenant_id = e.tenant_id
    where n.enabled and (n.events is null or e.type = any (n.events))
  ),
  message as (
    insert into enginejs.webhook_messages (tenant_id, event_id, type, body)
    select e.tenant_id, e.id, e.type, enginejs.webhook_body(e.type, e.created_at,
      jsonb_build_object('id', e.record_id)
        || case
          when e.message is null then '{}'
          when octet_length(e.message::text) > 65536 then '{"truncated": true}'
          else jsonb_build_object('message', e.message) end
        || case when e.after is null then '{}' else jsonb_build_object('after', enginejs.webhook_fields(e.after, e.fields)) end
        || case when e.before is null then '{}' else jsonb_build_object('before', enginejs.webhook_fields(e.before, e.fields)) end
        || case when e.changed is null then '{}' else jsonb_build_object('changed',
          array(select e.fields ->> c.name from unnest(e.changed) as c (name) where e.fields ? c.name)) end
        || case when e.truncated then '{"truncated": true}'::jsonb else '{}' end)
    from event e
    where e.id in (select w.event_id from wanted w)
    on conflict (event_id) do nothing
    returning id, event_id
  )
  insert into enginejs.webhook_deliveries (tenant_id, endpoint_id, message_id)
  select w.tenant_id, w.endpoint_id, m.id
  from message m join wanted w on w.event_id = m.event_id
  -- In the order of the keys that are locked.
  order by w.endpoint_id;
  get diagnostics made = row_count;
  return made;
end
$$;
revoke execute on function enginejs.webhook_deliver(bigint[], int[]) from public;
reset role;
