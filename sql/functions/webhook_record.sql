-- Records an attempt at a delivery, by the worker that holds its lease; `http_status` is null where there was no answer.
-- Returns what the delivery is now, or `lost` where another worker has it.
--
-- A failure is followed by another attempt after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 hours, each a tenth more or less; not
-- sooner than the answer's Retry-After asks for, up to a day. Then it is a dead letter. 410 switches the endpoint off; so
-- does a failure 5 days after the first one since the last success, of a delivery that was tried three times at
-- least: one failure after quiet days is no reason.
--
-- The endpoint's row first, then the delivery's: as whoever switches it off or deletes it. A success of one that does not fail
-- leaves the endpoint alone.
set role enginejs_writer;
create or replace function enginejs.webhook_record(
  delivery uuid, claimer int, attempt int, http_status int, error text, duration_ms int, answer text, retry_after_s int
) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  now constant timestamptz := clock_timestamp();
  waits constant int[] := '{5,300,1800,7200,18000,36000,50400,72000,86400}';
  succeeded constant boolean := coalesce(http_status between 200 and 299, false);
  gone constant boolean := coalesce(http_status = 410, false);
  of_endpoint uuid;
  is_on boolean;
  becomes text;
begin
  select d.endpoint_id, n.enabled into of_endpoint, is_on
  from enginejs.webhook_deliveries d join enginejs.webhook_endpoints n on n.id = d.endpoint_id
  where d.id = delivery and d.worker = claimer and d.attempts = attempt;
  if not found then
    return 'lost';
  end if;
  if succeeded then
    update enginejs.webhook_endpoints n set failing_since = null where n.id = of_endpoint and n.failing_since is not null;
  else
    update enginejs.webhook_endpoints n
    set failing_since = coalesce(n.failing_since, now),
      enabled = not (gone or coalesce(n.failing_since < now - interval '5 days', false) and attempt >= 3),
      disabled_reason = case
        when gone then 'gone'
        when n.failing_since < now - interval '5 days' and attempt >= 3 then 'failing' end
    where n.id = of_endpoint and n.enabled
      and (n.failing_since is null or gone or n.failing_since < now - interval '5 days' and attempt >= 3);
    select n.enabled into is_on from enginejs.webhook_endpoints n where n.id = of_endpoint;
  end if;
  becomes := case
    when succeeded then 'delivered'
    when gone or not is_on or attempt > cardinality(waits) then 'failed'
    else 'pending' end;
  update enginejs.webhook_deliveries d
  set status = becomes, worker = null, leased_until = null,
    next_attempt_at = case when becomes = 'pending'
      then now + greatest(waits[attempt] * (0.9 + 0.2 * random()), least(coalesce(retry_after_s, 0), 86400)) * interval '1 s'
      else d.next_attempt_at end,
    finished_at = case when becomes <> 'pending' then now end,
    last_status = http_status, last_error = left(webhook_record.error, 500), last_duration_ms = duration_ms,
    last_answer = answer
  where d.id = delivery and d.worker = claimer and d.attempts = attempt;
  return case when found then becomes else 'lost' end;
end
$$;
revoke execute on function enginejs.webhook_record(uuid, int, int, int, text, int, text, int) from public;
reset role;
