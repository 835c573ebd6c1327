-- A delivery for those who manage its endpoint.
set role enginejs_writer;
create or replace function enginejs.webhook_describe_delivery(of uuid) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'id', d.id, 'tenant', d.tenant_id, 'endpoint', d.endpoint_id, 'url', n.url,
    -- As the header webhook-id has it.
    'messageId', enginejs.webhook_message_id(d.message_id), 'type', m.type, 'eventId', m.event_id::text, 'body', m.body,
    'status', d.status, 'attempts', d.attempts,
    'nextAttemptAt', case when d.status = 'pending' then d.next_attempt_at end,
    'lastAttemptAt', d.last_attempt_at, 'lastStatus', d.last_status, 'lastError', d.last_error,
    'lastDurationMs', d.last_duration_ms, 'lastAnswer', d.last_answer,
    'createdAt', d.created_at, 'finishedAt', d.finished_at
  )
  from enginejs.webhook_deliveries d
  join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  join enginejs.webhook_messages m on m.id = d.message_id
  where d.id = of
);
revoke execute on function enginejs.webhook_describe_delivery(uuid) from public;
reset role;
