-- For managers: the events that endpoints may choose.
set role enginejs_writer;
create or replace function enginejs.webhook_event_types() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform enginejs.webhook_reach();
  return coalesce((select jsonb_agg(w.type order by w.type) from enginejs.webhook_events w), '[]');
end
$$;
revoke execute on function enginejs.webhook_event_types() from public;
grant execute on function enginejs.webhook_event_types() to enginejs_owner, enginejs_user;
reset role;
