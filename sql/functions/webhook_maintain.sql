-- Forgets deliveries that are older than they are kept for or whose endpoint was deleted, and with the last delivery of an event its body; a batch at a time,
-- called again and again. Returns how many rows went. Also ends what waits for an endpoint that was switched off: what the
-- relay has made meanwhile, and what were too many to be ended at once.
set role enginejs_writer;
create or replace function enginejs.webhook_maintain(keep_done interval, keep_failed interval, batch int default 5000) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  gone uuid[];
  messages int;
begin
  update enginejs.webhook_deliveries d
  set status = 'failed', finished_at = clock_timestamp(), last_error = coalesce(d.last_error, 'the endpoint was switched off')
  where d.id = any (array(
    select x.id from enginejs.webhook_endpoints n join enginejs.webhook_deliveries x on x.endpoint_id = n.id
    where not n.enabled and n.deleted_at is null and x.status = 'pending' and x.worker is null
    limit batch
    for update of x skip locked
  ));

  with old as (
    delete from enginejs.webhook_deliveries d
    where d.id = any (array(
      (select x.id from enginejs.webhook_deliveries x
       where x.status = 'delivered' and x.finished_at < clock_timestamp() - keep_done
       order by x.finished_at limit batch for update skip locked)
    ) || array(
      (select x.id from enginejs.webhook_deliveries x
       where x.status = 'failed' and x.finished_at < clock_timestamp() - keep_failed
       order by x.finished_at limit batch for update skip locked)
    ) || array(
      (select x.id from enginejs.webhook_endpoints n
       join enginejs.webhook_deliveries x on x.tenant_id = n.tenant_id and x.endpoint_id = n.id
       where n.deleted_at is not null limit batch for update of x skip locked)
    ))
    returning d.message_id
  )
  select array_agg(old.message_id) into gone from old;

  delete from enginejs.webhook_endpoints n
  where n.deleted_at is not null
    and not exists (select from enginejs.webhook_deliveries d where d.tenant_id = n.tenant_id and d.endpoint_id = n.id);

  delete from enginejs.webhook_messages m
  where (m.id = any (gone)
    -- What was left where an endpoint was deleted by hand, its deliveries with it.
    or m.id = any (array(
      select x.id from enginejs.webhook_messages x
      where x.created_at < clock_timestamp() - greatest(keep_done, keep_failed) order by x.created_at limit batch)))
    and not exists (select from enginejs.webhook_deliveries d where d.tenant_id = m.tenant_id and d.message_id = m.id);
  get diagnostics messages = row_count;
  return coalesce(cardinality(gone), 0) + messages;
end
$$;
revoke execute on function enginejs.webhook_maintain(interval, interval, int) from public;
reset role;
