-- The runs of these events, and all that are being worked at, with their results so far. $1 events, $2 a workflow's name or null.
with run as (
  select r.id, r.definition_id, r.event_id, r.segment, enginejs.workflow_run_status(r.status, false, r.failure, r.paused) as status,
    r.attempts, r.failed_step, r.error, r.next_run_at
  from enginejs.workflow_runs_active r
  where r.status <> 'paused' or r.event_id = any ($1::bigint[])
  union all
  select r.id, r.definition_id, r.event_id, r.segment, r.status, r.attempts, r.failed_step, r.error, r.next_run_at
  from unnest($1::bigint[]) as e (id)
  cross join lateral (
    select p.id, p.definition_id, p.event_id, p.segment,
      enginejs.workflow_run_status(p.status, true, p.failure, p.paused) as status, p.attempts, p.failed_step, p.error, p.next_run_at
    from enginejs.workflow_runs_parked p
    where p.id between (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
    union all
    select f.id, f.definition_id, f.event_id, f.segment, f.status, f.attempts, f.failed_step, f.error, null
    from enginejs.workflow_runs_finished f
    where f.id between (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
  ) r
)
select r.id, r.event_id::text as event, d.name as workflow, r.status, r.attempts, r.failed_step, r.error, r.next_run_at,
  coalesce((
    select jsonb_agg(jsonb_build_object('step', s.step, 'output', s.output, 'at', s.finished_at) order by s.finished_at, s.step)
    from enginejs.workflow_run_steps s where s.run_id = r.id and s.segment = r.segment), '[]') as steps
from run r
join enginejs.workflow_definitions d on d.id = r.definition_id
where $2::text is null or d.name = $2
order by r.id
limit 500
