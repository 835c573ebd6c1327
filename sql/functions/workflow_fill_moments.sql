-- The moments of a workflow that a build brings, of the rows that are there already: what lies ahead counts, what was due
-- before does not. Called by workflow_schedule_register; owned by enginejs_owner, whose own policy shows it all rows.
-- The lock waits for writers who do not know of the schedule yet, and keeps out others until the build is there.
set role enginejs_writer;
grant select, insert, delete on enginejs.workflow_moments to enginejs_owner;
grant select on enginejs.workflow_schedules to enginejs_owner;
reset role;

set role enginejs_owner;
create or replace function enginejs.workflow_fill_moments(workflow text, schema text, entity_table text, of_tenant boolean)
returns void
language plpgsql volatile security definer set search_path = '' set timezone = 'UTC'
as $$
declare
  schedule record;
begin
  select s.column_name, s.shift into strict schedule
  from enginejs.workflow_schedules s where s.workflow = workflow_fill_moments.workflow;
  execute format('lock table %I.%I in share row exclusive mode', schema, entity_table);
  delete from enginejs.workflow_moments m where m.workflow = workflow_fill_moments.workflow;
  execute format(
    'insert into enginejs.workflow_moments (workflow, tenant_id, record_id, moment, due_at)
     select $1, %s, r.id, t.moment, t.moment
     from %I.%I r cross join lateral (select r.%I::timestamptz + $2 as moment) t
     where t.moment > clock_timestamp() and isfinite(t.moment)',
    case when of_tenant then 'r.tenant_id' else 'null::uuid' end, schema, entity_table, schedule.column_name)
  using workflow, schedule.shift;
end
$$;
revoke execute on function enginejs.workflow_fill_moments(text, text, text, boolean) from public;
grant execute on function enginejs.workflow_fill_moments(text, text, text, boolean) to enginejs_writer;
reset role;
