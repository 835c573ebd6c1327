-- For managers: an endpoint goes, with its deliveries: nobody sees it any more, its secrets are gone, and the rows are taken
-- away by webhook_maintain(). Returns what it was. Raises EJ404.
set role enginejs_writer;
create or replace function enginejs.delete_webhook_endpoint(endpoint uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found_endpoint constant enginejs.webhook_endpoints := enginejs.webhook_find(endpoint);
begin
  update enginejs.webhook_endpoints n
  set enabled = false, disabled_reason = 'deleted', deleted_at = clock_timestamp(),
    secret = '', secret_previous = null, previous_until = null
  where n.id = endpoint;
  return enginejs.webhook_describe_endpoint(found_endpoint);
end
$$;
revoke execute on function enginejs.delete_webhook_endpoint(uuid) from public;
grant execute on function enginejs.delete_webhook_endpoint(uuid) to enginejs_owner, enginejs_user;
reset role;
