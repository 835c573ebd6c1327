-- What became of the waits of a run that goes on: those whose time is over are ended, and outcomes become checkpoints.
-- Returns null where the lease is lost, else an array of {"step", "kind", "state", …}:
--   done     with `output`: it has a checkpoint now
--   failed   with `error`
--   due      the pause before another attempt is over; with `failures`
--   waiting  still; with `failures` for a pause
set role enginejs_writer;
create or replace function enginejs.workflow_resume(run uuid, held_lease int) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  run_segment int;
  done jsonb;
begin
  select r.segment into run_segment from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for no key update;
  if not found then
    return null;
  end if;
  update enginejs.workflow_waits w
  set outcome = case w.kind
    when 'timer' then '{"output": null}'::jsonb
    when 'signal' then '{"output": {"payload": null, "timedOut": true}}'
    when 'approval' then '{"output": {"approved": false, "by": null, "comment": null, "timedOut": true}}'
    else jsonb_build_object('error', format('the workflow %s (run %s) has not ended in time', w.name, w.child))
  end
  where w.run_id = run and w.kind <> 'retry' and w.outcome is null and w.until <= clock_timestamp();

  -- Pauses before attempts that went well.
  delete from enginejs.workflow_waits w
  where w.run_id = run and w.kind = 'retry' and exists (
    select from enginejs.workflow_run_steps s where s.run_id = run and s.step = w.step and s.segment = run_segment
  );

  with taken as (
    delete from enginejs.workflow_waits w where w.run_id = run and w.outcome ? 'output'
    returning w.step, w.kind, w.outcome -> 'output' as output
  ),
  kept as (
    insert into enginejs.workflow_run_steps (run_id, segment, step, output)
    select run, run_segment, t.step, t.output from taken t
    on conflict on constraint workflow_run_steps_pkey do nothing
  )
  select jsonb_agg(jsonb_build_object('step', t.step, 'kind', t.kind, 'state', 'done', 'output', t.output))
  into done from taken t;

  return coalesce(done, '[]') || coalesce((
    select jsonb_agg(jsonb_build_object('step', w.step, 'kind', w.kind, 'failures', w.failures,
      'error', w.outcome ->> 'error',
      'state', case
        when w.outcome is not null then 'failed'
        when w.kind = 'retry' and w.until <= clock_timestamp() then 'due'
        else 'waiting'
      end))
    from enginejs.workflow_waits w where w.run_id = run
  ), '[]');
end
$$;
revoke execute on function enginejs.workflow_resume(uuid, int) from public;
reset role;
