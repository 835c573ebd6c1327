-- For managers: the dead letters of an endpoint are posted again, those that failed since then or all, the oldest first: 10,000 per
-- call. Returns how many. Raises EJ404, and EJ409 where the endpoint is off.
set role enginejs_writer;
create or replace function enginejs.redeliver_failed_webhooks(endpoint uuid, since timestamptz default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  redelivered int;
begin
  if not found_endpoint.enabled then
    raise exception 'the endpoint is switched off' using errcode = 'EJ409';
  end if;
  update enginejs.webhook_deliveries d
  set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp() + x.place * interval '1 us', finished_at = null
  from (
    select l.id, row_number() over (order by l.finished_at) as place
    from (
      select f.id, f.finished_at from enginejs.webhook_deliveries f
      where f.endpoint_id = endpoint and f.status = 'failed' and (since is null or f.finished_at >= since)
      order by f.finished_at
      limit 10000
      for update skip locked
    ) l
  ) x
  where d.id = x.id;
  get diagnostics redelivered = row_count;
  perform enginejs.webhook_note('redeliver', found_endpoint.tenant_id,
    jsonb_build_object('endpoint', endpoint, 'since', since, 'deliveries', redelivered));
  return redelivered;
end
$$;
revoke execute on function enginejs.redeliver_failed_webhooks(uuid, timestamptz) from public;
grant execute on function enginejs.redeliver_failed_webhooks(uuid, timestamptz) to enginejs_owner, enginejs_user;
reset role;
