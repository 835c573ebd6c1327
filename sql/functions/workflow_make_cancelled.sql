-- Makes a run that the relay has not made yet, as one that is to be cancelled: its event still waits for the relay, or for the end
-- of a pause. It ends like any other cancelled run, and so does all that hangs on it: whoever waits for it is told. The event's other
-- workflows are left to the relay. Returns whether there was such an event.
-- Who starts a workflow has its run's id at once, and a workflow's child is known to its parent, before there is a run.
set role enginejs_writer;
create or replace function enginejs.workflow_make_cancelled(run uuid, reason text) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  -- See workflow_run_id.
  wanted constant bigint := ('x' || substr(replace(run::text, '-', ''), 1, 16))::bit(64)::bigint;
  pending record;
  subscription record;
  others text[];
  rang boolean;
begin
  -- A relay that has it in hand is waited for: then there is a run, or there will be none.
  select p.segment, p.model, p.action, p.workflows into pending
  from enginejs.workflow_events_pending p where p.event_id = wanted for update;
  if found then
    select s.workflow, s.definition_id into subscription from enginejs.workflow_subscriptions s
    where s.model = pending.model and s.action = pending.action and s.definition_id is not null
      and enginejs.workflow_run_id(wanted, s.workflow) = run
      and (pending.workflows is null or s.workflow = any (pending.workflows));
    if not found then
      return false;
    end if;
    others := array(
      select s.workflow from enginejs.workflow_subscriptions s
      where s.model = pending.model and s.action = pending.action and s.workflow <> subscription.workflow
        and (pending.workflows is null or s.workflow = any (pending.workflows)));
    if others = '{}' then
      delete from enginejs.workflow_events_pending p where p.event_id = wanted;
    else
      update enginejs.workflow_events_pending p set workflows = others where p.event_id = wanted;
      rang := enginejs.ring();
    end if;
  else
    delete from enginejs.workflow_events_held h
    where h.event_id = wanted and enginejs.workflow_run_id(wanted, h.workflow) = run
    returning h.segment, h.workflow into pending;
    if not found then
      return false;
    end if;
    select s.definition_id into subscription
    from enginejs.workflow_events e join enginejs.workflow_subscriptions s on s.model = e.model and s.action = e.action
    where e.id = wanted and e.segment = pending.segment and s.workflow = pending.workflow;
    -- The newest build does not have it: nothing would ever come of it.
    if not found then
      return true;
    end if;
  end if;
  insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, cancel)
  values (run, subscription.definition_id, wanted, pending.segment, coalesce(reason, 'cancelled'))
  on conflict (id) do nothing;
  perform enginejs.workflow_ring_for(array[run]);
  return true;
end
$$;
revoke execute on function enginejs.workflow_make_cancelled(uuid, text) from public;
reset role;
