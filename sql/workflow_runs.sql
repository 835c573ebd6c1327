-- All runs, finished or not, for people; with what each that is not finished waits for.
set role enginejs_writer;

create or replace view enginejs.workflow_runs as
  select r.id, d.name as workflow, r.event_id, r.segment,
    enginejs.workflow_run_status(r.status, r.parked, r.failure, r.paused) as status,
    r.attempts, r.next_run_at, coalesce(r.failure ->> 'step', r.failed_step) as failed_step,
    coalesce(r.failure ->> 'error', r.error) as error, r.worker_id, r.created_at,
    null::timestamptz as finished_at, r.definition_id,
    case
      when r.status = 'paused' or r.parked and r.paused
        then jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', 'operator', 'reason', (
          select p.reason from enginejs.workflow_pauses p where p.workflow = d.name))))
      when r.parked and t.run_id is not null and t.state <> 'begun' then jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', 'turn',
        -- Without the tenant, which stands before keys that are one tenant's.
        'key', coalesce(regexp_replace(t.order_key, '^[0-9a-f]{8}-[0-9a-f-]{27}/', ''), nullif(t.concurrency_key, ''),
          nullif(t.rate_key, ''), regexp_replace(t.debounce_key, '^[0-9a-f]{8}-[0-9a-f-]{27}/', '')),
        'run', case when t.state = 'blocked' then (
          select b.run_id from enginejs.workflow_turns b
          where b.workflow = t.workflow and b.order_key = t.order_key and b.run_id <> t.run_id and b.state <> 'failed'
            and (b.event_id < t.event_id or b.state in ('begun', 'halted'))
          order by b.event_id limit 1) end,
        'until', case when t.ready_at > clock_timestamp() then t.ready_at end)))
      when r.parked then coalesce((
        select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', w.kind, 'step', w.step, 'until', w.until,
          'name', w.name, 'key', w.key, 'run', w.child, 'question', w.question, 'error', w.error)) order by w.step)
        from enginejs.workflow_waits w where w.run_id = r.id
      ), '[]')
      when r.status = 'waiting'
        then jsonb_build_array(jsonb_build_object('kind', 'retry', 'step', r.failed_step, 'until', r.next_run_at, 'error', r.error))
      when r.status = 'running' then jsonb_build_array(jsonb_build_object('kind', 'step', 'worker', r.worker_id))
      else '[{"kind": "worker"}]'::jsonb
    end as waiting_for,
    r.cancel, null::jsonb as output
  from (
    select a.*, false as parked from enginejs.workflow_runs_active a
    union all
    select p.*, true from enginejs.workflow_runs_parked p
  ) r
  join enginejs.workflow_definitions d on d.id = r.definition_id
  left join enginejs.workflow_turns t on t.run_id = r.id
  union all
  select r.id, d.name, r.event_id, r.segment, r.status,
    r.attempts, null, r.failed_step, r.error, null, r.created_at, r.finished_at,
    r.definition_id, null, null, r.output
  from enginejs.workflow_runs_finished r
  join enginejs.workflow_definitions d on d.id = r.definition_id;

comment on view enginejs.workflow_runs is 'Runs of workflows: pending, processing, waiting, paused, compensating, done, failed or cancelled; and what they wait for.';

reset role;
