-- Gives back deliveries that nobody posts any more: their worker is dead (workflow_reap has found it), or their lease is over.
-- They are posted again at once, with the same id: whether the post before has come through is not known. Returns how many.
set role enginejs_writer;
create or replace function enginejs.webhook_release() returns int
language plpgsql volatile set search_path = '' set enable_seqscan = off
as $$
declare
  released int;
begin
  update enginejs.webhook_deliveries d
  set worker = null, leased_until = null, next_attempt_at = clock_timestamp(), last_error = 'its worker died while it was posted'
  where d.id in (
    select x.id from enginejs.webhook_deliveries x
    where x.worker is not null
      and (x.leased_until < clock_timestamp() or not exists (select from enginejs.workflow_workers w where w.id = x.worker))
    for update skip locked
  );
  get diagnostics released = row_count;
  return released;
end
$$;
revoke execute on function enginejs.webhook_release() from public;
reset role;
