-- For managers: a new secret, returned with the endpoint this once. The one before signs as well for so many hours, a day
-- unless said, a week at most; 0 where it has leaked. Raises EJ404, EJ422.
set role enginejs_writer;
create or replace function enginejs.rotate_webhook_secret(endpoint uuid, keep_hours int default 24) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
  hours constant int := coalesce(keep_hours, 24);
begin
  if hours not between 0 and 168 then
    raise exception 'the old secret counts for 0 to 168 hours more' using errcode = 'EJ422';
  end if;
  update enginejs.webhook_endpoints n
  set secret = enginejs.webhook_new_secret(),
    secret_previous = case when hours > 0 then n.secret end,
    previous_until = case when hours > 0 then clock_timestamp() + hours * interval '1 hour' end,
    updated_at = clock_timestamp()
  where n.id = endpoint
  returning n.* into found_endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint) || jsonb_build_object('secret', found_endpoint.secret);
end
$$;
revoke execute on function enginejs.rotate_webhook_secret(uuid, int) from public;
grant execute on function enginejs.rotate_webhook_secret(uuid, int) to enginejs_owner, enginejs_user;
reset role;
