-- What a build ends that takes these workflows away: their runs that are not finished, and events that a pause keeps for them. $1: names.
select found.workflow, sum(found.runs)::int as runs, sum(found.kept)::int as kept
from (
  select d.name as workflow, count(*) as runs, 0 as kept
  from (
    select definition_id from enginejs.workflow_runs_active
    union all
    select definition_id from enginejs.workflow_runs_parked
  ) r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  where d.name = any ($1)
  group by d.name
  union all
  select h.workflow, 0, count(*) from enginejs.workflow_events_held h where h.workflow = any ($1) group by h.workflow
) found
group by found.workflow
order by found.workflow;
