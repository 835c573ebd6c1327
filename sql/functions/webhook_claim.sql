-- Leases due deliveries to a worker: `hands` at most. Of one endpoint no more than `per_endpoint` are posted at a time, whoever
-- posts them; of one that fails, one; and of those that fail, `failing_hands` together: dead endpoints, which take the
-- whole timeout for each post, hold up no living one.
--
-- Endpoints with something due are found by hopping through the index: the cost follows from how many endpoints have
-- something pending, not from how much they have. One claim at a time per endpoint, by an advisory lock: the count of what is
-- being posted is then true.
set role enginejs_writer;
create or replace function enginejs.webhook_claim(
  claimer int, hands int, failing_hands int, per_endpoint int, lease interval default '60 s'
) returns table (
  delivery uuid, message text, attempt int, url text, secrets text[], body text, failing boolean
)
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  now constant timestamptz := clock_timestamp();
  hands_left int := hands;
  failing_left int := failing_hands;
  found_endpoint record;
  room int;
  took int;
begin
  -- One that was declared dead gets none.
  if not exists (select from enginejs.workflow_workers w where w.id = claimer) then
    return;
  end if;
  for found_endpoint in
    with recursive due as (
      (select d.endpoint_id, d.next_attempt_at from enginejs.webhook_deliveries d
       where d.status = 'pending' and d.worker is null
       order by d.endpoint_id, d.next_attempt_at limit 1)
      union all
      select n.endpoint_id, n.next_attempt_at
      from due cross join lateral (
        select d.endpoint_id, d.next_attempt_at from enginejs.webhook_deliveries d
        where d.status = 'pending' and d.worker is null and d.endpoint_id > due.endpoint_id
        order by d.endpoint_id, d.next_attempt_at limit 1
      ) n
    )
    select n.id, n.url, n.failing_since is not null as failing,
      case when n.previous_until > now then array[n.secret, n.secret_previous] else array[n.secret] end as secrets
    from due join enginejs.webhook_endpoints n on n.id = due.endpoint_id
    where due.next_attempt_at <= now and n.enabled
    order by n.failing_since is not null, due.next_attempt_at
  loop
    exit when hands_left <= 0;
    continue when found_endpoint.failing and failing_left <= 0;
    continue when not pg_try_advisory_xact_lock(7714008, hashtext(found_endpoint.id::text));
    select case when found_endpoint.failing then least(1 - count(*), failing_left) else least(per_endpoint - count(*), hands_left) end
    into room
    from enginejs.webhook_deliveries d where d.endpoint_id = found_endpoint.id and d.worker is not null;
    continue when room <= 0;
    return query
      with mine as (
        update enginejs.webhook_deliveries d
        set worker = claimer, leased_until = now + lease, attempts = d.attempts + 1, last_attempt_at = now
        where d.id = any (array(
          select x.id from enginejs.webhook_deliveries x
          where x.endpoint_id = found_endpoint.id and x.status = 'pending' and x.worker is null and x.next_attempt_at <= now
          order by x.next_attempt_at
          limit room
          for update skip locked
        ))
        returning d.id, d.message_id, d.attempts
      )
      select m.id, enginejs.webhook_message_id(m.message_id), m.attempts, found_endpoint.url, found_endpoint.secrets, b.body,
        found_endpoint.failing
      from mine m join enginejs.webhook_messages b on b.id = m.message_id;
    get diagnostics took = row_count;
    hands_left := hands_left - took;
    if found_endpoint.failing then
      failing_left := failing_left - took;
    end if;
  end loop;
end
$$;
revoke execute on function enginejs.webhook_claim(int, int, int, int, interval) from public;
reset role;
