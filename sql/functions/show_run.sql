-- For operators: a run, with its event, its steps in the order in which they were done, and the other runs of the event.
-- Raises EJ404 for no such run.
set role enginejs_writer;
create or replace function enginejs.show_run(run uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  described jsonb;
begin
  perform enginejs.require_operator();
  described := enginejs.workflow_describe_run(run);
  if described is null then
    raise exception 'there is no run %', run using errcode = 'EJ404';
  end if;
  return described || (
    select jsonb_build_object(
      'event', jsonb_build_object('id', e.id::text, 'createdAt', e.created_at, 'model', e.model, 'action', e.action,
        'recordId', e.record_id, 'before', e.before, 'after', e.after, 'changed', e.changed, 'input', e.input),
      'steps', coalesce((
        select jsonb_agg(jsonb_build_object('step', s.step, 'task', enginejs.workflow_task_of(d.definition, s.step),
          'output', s.output, 'finishedAt', s.finished_at) order by s.finished_at, s.step)
        from enginejs.workflow_run_steps s where s.run_id = run and s.segment = r.segment), '[]'),
      'failedTask', enginejs.workflow_task_of(d.definition, r.failed_step),
      'others', coalesce((
        select jsonb_agg(jsonb_build_object('id', o.id, 'workflow', o.workflow, 'status', o.status) order by o.id)
        from enginejs.workflow_runs o
        where o.id between (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
          and (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid and o.id <> run), '[]'))
    from enginejs.workflow_runs r
    join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where r.id = run);
end
$$;
revoke execute on function enginejs.show_run(uuid) from public;
grant execute on function enginejs.show_run(uuid) to enginejs_owner, enginejs_user;
reset role;
