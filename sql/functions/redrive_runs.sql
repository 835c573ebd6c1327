-- For operators: dead letters try again, the oldest first, at most `most` of each kind: failed runs from their failed step, and
-- events whose conditions could not be evaluated. `until`: only what failed before it; whoever calls this again and again names the moment at
-- which he began, so that what fails anew is left alone. `of_queue`: those that follow a message of it. Runs whose steps were undone stay (see retry_run) and are counted as `refused`.
set role enginejs_writer;
create or replace function enginejs.redrive_runs(
  of_workflow text default null, since timestamptz default null, until timestamptz default null, of_tenant uuid default null,
  of_record uuid default null, error_like text default null, most int default 1000, reason text default null,
  of_queue text default null,
  out runs int, out events int, out refused int
)
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ids uuid[];
  segments int[];
begin
  perform enginejs.require_operator();
  select array_agg(t.id), array_agg(t.segment) into ids, segments
  from (
    select f.id, f.segment
    from enginejs.workflow_runs_finished f
    join enginejs.workflow_definitions d on d.id = f.definition_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.status = 'failed' and f.finished_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or d.name = of_workflow)
      and (since is null or f.finished_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
      and enginejs.workflow_undone(f.id, f.segment, f.definition_id) = '{}'
    order by f.finished_at, f.id
    limit most
    for update of f skip locked
  ) t;
  runs := case when ids is null then 0 else enginejs.workflow_revive(ids, segments) end;
  refused := 0;
  -- The last of them: what is left of what was asked for cannot be tried again.
  if runs < most then
    select count(*) into refused
    from enginejs.workflow_runs_finished f
    join enginejs.workflow_definitions d on d.id = f.definition_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.status = 'failed' and f.finished_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or d.name = of_workflow)
      and (since is null or f.finished_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
      and enginejs.workflow_undone(f.id, f.segment, f.definition_id) <> '{}';
  end if;

  with dead as (
    select f.event_id, w.workflow
    from enginejs.workflow_events_failed f
    cross join lateral unnest(f.workflows) as w (workflow)
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    where f.failed_at < coalesce(redrive_runs.until, clock_timestamp())
      and (of_workflow is null or w.workflow = of_workflow)
      and (since is null or f.failed_at >= since)
      and (of_tenant is null or enginejs.workflow_event_tenant(e.actor, e.before, e.after) = of_tenant)
      and (of_record is null or e.record_id = of_record)
      and (of_queue is null or e.model = 'queue:' || of_queue)
      and (error_like is null or position(lower(error_like) in lower(f.error)) > 0)
    order by f.event_id
    limit most
  ),
  wanted as (
    select x.event_id, array_agg(x.workflow) as workflows from dead x group by x.event_id
  ),
  -- One that waits there already is taken up with the next redrive.
  given as (
    insert into enginejs.workflow_events_pending (event_id, segment, model, action, workflows)
    select e.id, e.segment, e.model, e.action, w.workflows
    from wanted w join enginejs.workflow_events_failed f on f.event_id = w.event_id
    join enginejs.workflow_events e on e.id = f.event_id and e.segment = f.segment
    order by e.id
    on conflict on constraint workflow_events_pending_pkey do nothing
    returning event_id, workflows
  ),
  gone as (
    delete from enginejs.workflow_events_failed f using given g where f.event_id = g.event_id and f.workflows <@ g.workflows
  ),
  left_over as (
    update enginejs.workflow_events_failed f
    set workflows = array(select unnest(f.workflows) except select unnest(g.workflows))
    from given g where f.event_id = g.event_id and not f.workflows <@ g.workflows
  )
  select count(*) into events from given;
  if events > 0 then
    perform enginejs.ring();
  end if;
  if runs + events > 0 then
    perform enginejs.workflow_note('redrive', of_tenant, jsonb_build_object('workflow', of_workflow, 'queue', of_queue, 'since', since, 'until', redrive_runs.until,
      'record', of_record, 'error', error_like, 'reason', reason, 'runs', runs, 'events', events, 'refused', refused));
  end if;
end
$$;
revoke execute on function enginejs.redrive_runs(text, timestamptz, timestamptz, uuid, uuid, text, int, text, text) from public;
grant execute on function enginejs.redrive_runs(text, timestamptz, timestamptz, uuid, uuid, text, int, text, text)
  to enginejs_owner, enginejs_user;
reset role;
