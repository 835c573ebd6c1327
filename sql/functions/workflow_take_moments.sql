-- Takes the moments that have come, the earliest first, of each workflow at most so many, in the caller's transaction: whoever else
-- asks meanwhile gets others, and if the caller dies they were never taken. The caller looks whether the rows still say so, and
-- starts the workflows. Those of a paused workflow stay where they are.
-- `now` is this database's clock; an argument so that tests can say what time it is.
set role enginejs_writer;
create or replace function enginejs.workflow_take_moments(most int, now timestamptz default clock_timestamp())
returns table (workflow text, definition_id int, tenant_id uuid, record_id uuid, moment timestamptz, attempts int)
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  with due as materialized (
    select m.place from enginejs.workflow_schedules s
    cross join lateral (
      select m.ctid as place from enginejs.workflow_moments m
      where m.workflow = s.workflow and m.due_at <= now
      order by m.due_at
      limit most
      for update skip locked
    ) m
    where s.kind = 'datetime' and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow)
  ),
  taken as (
    delete from enginejs.workflow_moments m where m.ctid = any (array(select d.place from due d))
    returning m.workflow, m.tenant_id, m.record_id, m.moment, m.attempts
  )
  -- One of a workflow that the newest build does not have is forgotten.
  select t.workflow, s.definition_id, t.tenant_id, t.record_id, t.moment, t.attempts
  from taken t join enginejs.workflow_subscriptions s on s.model = 'workflow:' || t.workflow
  order by t.moment;
end
$$;
revoke execute on function enginejs.workflow_take_moments(int, timestamptz) from public;
reset role;
