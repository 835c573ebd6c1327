-- Takes parked runs back among the active ones, each with a job that rings for it. Those that are not parked (they
-- run, and will look at their waits before they park) are left alone.
set role enginejs_writer;
create or replace function enginejs.workflow_unpark(runs uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  moved uuid[];
begin
  if runs is null or cardinality(runs) = 0 then
    return 0;
  end if;
  -- In the order of the key, as all who lock several: no deadlocks.
  perform from enginejs.workflow_runs_parked r where r.id = any (runs) order by r.id for update;
  with taken as (
    delete from enginejs.workflow_runs_parked r where r.id = any (runs) returning r.*
  ),
  active as (
    insert into enginejs.workflow_runs_active select t.* from taken t returning id
  )
  select array_agg(a.id) into moved from active a;
  perform enginejs.workflow_ring_for(moved);
  return coalesce(cardinality(moved), 0);
end
$$;
revoke execute on function enginejs.workflow_unpark(uuid[]) from public;
reset role;
