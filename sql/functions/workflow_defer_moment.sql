-- Puts a moment back whose condition could not be evaluated: tried again after a growing pause, and after the eighth time
-- no more, until the row or the workflow changes. The error says why.
set role enginejs_writer;
create or replace function enginejs.workflow_defer_moment(
  workflow text, tenant_id uuid, record_id uuid, moment timestamptz, failed_attempts int, reason text
) returns void
language sql volatile
begin atomic
  insert into enginejs.workflow_moments as m (workflow, tenant_id, record_id, moment, due_at, attempts, error)
  values (workflow_defer_moment.workflow, workflow_defer_moment.tenant_id, workflow_defer_moment.record_id,
    workflow_defer_moment.moment,
    case when failed_attempts >= 8 then 'infinity'
      else clock_timestamp() + least(power(2, failed_attempts), 300) * interval '1 s' end,
    failed_attempts, reason)
  on conflict on constraint workflow_moments_key do nothing;
end;
revoke execute on function enginejs.workflow_defer_moment(text, uuid, uuid, timestamptz, int, text) from public;
reset role;
