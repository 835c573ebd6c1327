-- For operators: runs by what is asked for, the newest first, one page. `after`: the last id of the page before.
-- Ids begin with the event's, so that a page is one walk over the keys of the three tables of runs.
set role enginejs_writer;
create or replace function enginejs.list_runs(
  of_workflow text default null, in_status text default null, since timestamptz default null, of_tenant uuid default null,
  of_record uuid default null, first int default 50, after uuid default null
) returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  definitions int[];
  found_run record;
begin
  perform enginejs.require_operator();
  if of_workflow is not null then
    definitions := array(select d.id from enginejs.workflow_definitions d where d.name = of_workflow);
  end if;
  for found_run in
    (select r.id from enginejs.workflow_runs_finished r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or r.status = in_status) and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    union all
    (select r.id from enginejs.workflow_runs_active r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or enginejs.workflow_run_status(r.status, false, r.failure, r.paused) = in_status)
       and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    union all
    (select r.id from enginejs.workflow_runs_parked r
     join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where (list_runs.after is null or r.id < list_runs.after) and (definitions is null or r.definition_id = any (definitions))
       and (in_status is null or enginejs.workflow_run_status(r.status, true, r.failure, r.paused) = in_status)
       and (list_runs.since is null or r.created_at >= list_runs.since)
       and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
       and (of_record is null or e.record_id = of_record)
     order by r.id desc limit first)
    order by id desc limit first
  loop
    return next enginejs.workflow_describe_run(found_run.id);
  end loop;
end
$$;
revoke execute on function enginejs.list_runs(text, text, timestamptz, uuid, uuid, int, uuid) from public;
grant execute on function enginejs.list_runs(text, text, timestamptz, uuid, uuid, int, uuid) to enginejs_owner, enginejs_user;
reset role;
