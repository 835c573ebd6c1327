-- Forgets what only guards against doing something twice, when it is older than asked: ticks that were
-- emitted, requests of webhooks that were taken in. Returns how many
-- rows went. Long after a tick nothing can emit it again: a schedule's next time has passed it.
set role enginejs_writer;
create or replace function enginejs.workflow_maintain_keys(keep interval) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  ticks int;
  deliveries int;
begin
  delete from enginejs.workflow_ticks t where t.emitted_at < clock_timestamp() - keep;
  get diagnostics ticks = row_count;
  delete from enginejs.workflow_deliveries d where d.received_at < clock_timestamp() - keep;
  get diagnostics deliveries = row_count;
  return ticks + deliveries;
end
$$;
revoke execute on function enginejs.workflow_maintain_keys(interval) from public;
reset role;
