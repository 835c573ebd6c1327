-- Row trigger: what waits for an endpoint that is switched off becomes a dead letter, so that nothing waits unseen; once the
-- endpoint is on again, redeliver_failed_webhooks brings it. What is being posted goes on. A large
-- crowd is left to webhook_maintain(): a request has not the time.
set role enginejs_writer;
create or replace function enginejs.webhook_switched_off() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  update enginejs.webhook_deliveries d
  set status = 'failed', finished_at = clock_timestamp(), last_error = coalesce(d.last_error, 'the endpoint was switched off')
  where d.id = any (array(
    select x.id from enginejs.webhook_deliveries x
    where x.endpoint_id = new.id and x.status = 'pending' and x.worker is null
    limit 10000
  ));
  return null;
end
$$;
revoke execute on function enginejs.webhook_switched_off() from public;

create or replace trigger webhook_switched_off after update of enabled on enginejs.webhook_endpoints
  for each row when (old.enabled and not new.enabled and new.deleted_at is null) execute function enginejs.webhook_switched_off();
reset role;
