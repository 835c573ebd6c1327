-- For operators: the workflow starts no new runs from now on, and those of it that are queued wait; what runs goes on until
-- it ends or waits, and what is being undone is undone. Its events are kept. It survives restarts and builds.
-- Returns how many queued runs wait now; null where it was paused already. Raises EJ404 for a workflow that was never built.
set role enginejs_writer;
create or replace function enginejs.pause_workflow(workflow text, reason text default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  waiting int;
begin
  perform enginejs.require_operator();
  if not exists (select from enginejs.workflow_definitions d where d.name = pause_workflow.workflow) then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  insert into enginejs.workflow_pauses (workflow, reason) values (pause_workflow.workflow, pause_workflow.reason)
  on conflict on constraint workflow_pauses_pkey do nothing;
  if not found then
    return null;
  end if;
  update enginejs.workflow_subscriptions s set paused = true where s.workflow = pause_workflow.workflow;
  with queued as (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.name = pause_workflow.workflow and r.status = 'queued' and r.paused is not false
      and r.cancel is null and r.failure is null
    -- In the order of the key, as all who lock several: no deadlocks.
    order by r.id
    for update of r
  ),
  held as (
    update enginejs.workflow_runs_active r set status = 'paused', job_id = null, since = clock_timestamp()
    from queued q where r.id = q.id
    returning r.id
  )
  select count(*) into waiting from held;
  perform enginejs.workflow_note('pause', null, jsonb_build_object('workflow', workflow, 'reason', reason, 'runs', waiting));
  return waiting;
end
$$;
revoke execute on function enginejs.pause_workflow(text, text) from public;
grant execute on function enginejs.pause_workflow(text, text) to enginejs_owner, enginejs_user;
reset role;
