-- Keeps the moments at which workflows are started for rows of an entity, in the writer's own transaction, whoever writes. For
--
--   create trigger "91_moments_update" after update on app.invoice
--     referencing old table as old_rows new table as new_rows
--     for each statement execute function enginejs.workflow_keep_moments('Invoice', 'tenant_id', 'id');
--
-- and the same for insert and delete. Arguments as those of emit_create. Only tables of entities that a datetime trigger
-- names have these triggers.
--
-- A moment that lies ahead is kept, one per row and workflow: a row that is moved before it fires has the new one only, a row
-- that is moved after it fired to a later time has a moment again. A moment that was over when the writer's transaction began
-- does not fire; one that comes due while that is open does, as soon as it is committed: by the writer's own now() it lay ahead.
-- A row whose column is as it was is left alone.
--
-- A date is its midnight in UTC, whatever zone the writer's session is in. Transition tables have no index: no nested loops.
set role enginejs_writer;
create or replace function enginejs.workflow_keep_moments() returns trigger
language plpgsql volatile security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set enable_nestloop = off
as $$
declare
  entity constant text := tg_argv[0];
  of_tenant constant boolean := tg_nargs = 3;
begin
  if tg_op = 'DELETE' then
    delete from enginejs.workflow_moments m
    using old_rows o
    where m.record_id = o.id and (not of_tenant or m.tenant_id = (to_jsonb(o.*) ->> 'tenant_id')::uuid)
      and m.workflow in (select s.workflow from enginejs.workflow_schedules s where s.model = entity);
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into enginejs.workflow_moments (workflow, tenant_id, record_id, moment, due_at)
    select s.workflow, case when of_tenant then (r.new ->> 'tenant_id')::uuid end, r.id, t.moment, t.moment
    from (select n.id, to_jsonb(n.*) as new from new_rows n offset 0) r
    cross join enginejs.workflow_schedules s
    cross join lateral (select (r.new ->> s.column_name)::timestamptz + s.shift as moment) t
    where s.model = entity and t.moment >= transaction_timestamp() and isfinite(t.moment)
    on conflict on constraint workflow_moments_key do update set moment = excluded.moment, due_at = excluded.due_at;
    return null;
  end if;
  with changed as materialized (
    select s.workflow, case when of_tenant then (r.new ->> 'tenant_id')::uuid end as tenant_id, r.id, t.moment,
      t.moment >= transaction_timestamp() and isfinite(t.moment) as ahead
    from (
      select n.id, to_jsonb(o.*) as old, to_jsonb(n.*) as new from old_rows o join new_rows n on n.id = o.id offset 0
    ) r
    cross join enginejs.workflow_schedules s
    cross join lateral (select (r.new ->> s.column_name)::timestamptz + s.shift as moment) t
    where s.model = entity and r.new ->> s.column_name is distinct from r.old ->> s.column_name
      -- Ids of different tenants may be equal.
      and (not of_tenant or r.old -> 'tenant_id' = r.new -> 'tenant_id')
  ),
  gone as (
    delete from enginejs.workflow_moments m using changed c
    where c.ahead is not true and m.record_id = c.id and m.workflow = c.workflow
      and m.tenant_id is not distinct from c.tenant_id
  )
  insert into enginejs.workflow_moments as m (workflow, tenant_id, record_id, moment, due_at)
  select c.workflow, c.tenant_id, c.id, c.moment, c.moment from changed c where c.ahead
  on conflict on constraint workflow_moments_key
    do update set moment = excluded.moment, due_at = excluded.due_at, attempts = 0, error = null;
  return null;
end
$$;
revoke execute on function enginejs.workflow_keep_moments() from public;
grant execute on function enginejs.workflow_keep_moments() to enginejs_owner;
reset role;
