-- For operators: a paused workflow goes on, with the events and runs that have waited meanwhile; runs that were paused one by
-- one wait on. Its schedule counts from now. Returns how many runs go on; null where it was not paused.
set role enginejs_writer;
create or replace function enginejs.resume_workflow(workflow text, reason text default null) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  runs uuid[];
  events int;
begin
  perform enginejs.require_operator();
  delete from enginejs.workflow_pauses p where p.workflow = resume_workflow.workflow;
  if not found then
    if not exists (select from enginejs.workflow_definitions d where d.name = resume_workflow.workflow) then
      raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
    end if;
    return null;
  end if;
  update enginejs.workflow_subscriptions s set paused = false where s.workflow = resume_workflow.workflow;
  -- What the clock would have started meanwhile is not made up for.
  update enginejs.workflow_schedules s set next_at = enginejs.workflow_next_tick(s, clock_timestamp())
  where s.workflow = resume_workflow.workflow and s.kind <> 'datetime';
  events := enginejs.workflow_release_events(resume_workflow.workflow);
  select array_agg(q.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    join enginejs.workflow_definitions d on d.id = r.definition_id
    where d.name = resume_workflow.workflow and r.status = 'paused' and r.paused is not true
    order by r.id
    for update of r
  ) q;
  perform enginejs.workflow_ring_for(runs);
  perform enginejs.ring();
  perform enginejs.workflow_note('resume', null, jsonb_build_object('workflow', workflow, 'reason', reason,
    'runs', coalesce(cardinality(runs), 0), 'events', events));
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.resume_workflow(text, text) from public;
grant execute on function enginejs.resume_workflow(text, text) to enginejs_owner, enginejs_user;
reset role;
