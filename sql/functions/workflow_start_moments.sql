-- Writes the events of moments that have come, in the transaction that took them; the arrays belong together by position.
-- As workflow_start writes them, and with the row as it is now: `event.after`.
set role enginejs_writer;
create or replace function enginejs.workflow_start_moments(
  workflows text[], tenants uuid[], records uuid[], moments timestamptz[], record_rows jsonb[]
) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  started int;
  rang boolean;
begin
  with event as (
    insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated, small_values)
    select 'workflow:' || m.workflow, 'start', m.record,
      case when pg_column_size(m.after) > 65536
        then jsonb_strip_nulls(jsonb_build_object('tenant_id', m.tenant, 'id', m.record)) else m.after end,
      jsonb_build_object('kind', 'system', 'id', null, 'tenant', m.tenant),
      jsonb_build_object('scheduledFor', m.moment), pg_column_size(m.after) > 65536,
      case when pg_column_size(m.after) > 65536 then jsonb_build_object('after', enginejs.emit_small(m.after)) end
    from unnest(workflows, tenants, records, moments, record_rows) as m (workflow, tenant, record, moment, after)
    returning id, segment, model
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, e.model, 'start' from event e;
  get diagnostics started = row_count;
  if started > 0 then
    rang := enginejs.ring();
  end if;
  return started;
end
$$;
revoke execute on function enginejs.workflow_start_moments(text[], uuid[], uuid[], timestamptz[], jsonb[]) from public;
reset role;
