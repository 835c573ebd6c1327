-- Starts a workflow that no row's change starts: writes its event, and the relay makes the run, exactly once. Returns the
-- id that the run will have. `input` is what it is given; `actor` as events carry it ({"kind", "id", "tenant"}), by
-- default the actor of this transaction; `origin` the same, by default this transaction's request or run.
-- Raises EJ404 for a workflow that the newest build does not have, EJ422 for an input larger than 16 MB.
set role enginejs_writer;
create or replace function enginejs.workflow_start(
  workflow text, input jsonb default null, record_id uuid default null, actor jsonb default null, origin jsonb default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  event record;
  rang boolean;
begin
  perform from enginejs.workflow_subscriptions s where s.model = 'workflow:' || workflow_start.workflow;
  if not found then
    raise exception 'there is no workflow "%"', workflow using errcode = 'EJ404';
  end if;
  if pg_column_size(input) > 16777216 then
    raise exception 'the input of the workflow "%" is larger than 16 MB', workflow using errcode = 'EJ422',
      hint = 'Keep what is large where large things belong, and give its name or key.';
  end if;
  insert into enginejs.workflow_events_current as e (model, action, record_id, input, actor, origin)
  values ('workflow:' || workflow, 'start', coalesce(record_id, enginejs.uuid_v7()), input,
    coalesce(actor, enginejs.emit_actor()), coalesce(origin, enginejs.emit_origin()))
  returning e.id, e.segment into event;
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  values (event.id, event.segment, 'workflow:' || workflow, 'start');
  rang := enginejs.ring();
  return enginejs.workflow_run_id(event.id, workflow);
end
$$;
revoke execute on function enginejs.workflow_start(text, jsonb, uuid, jsonb, jsonb) from public;
grant execute on function enginejs.workflow_start(text, jsonb, uuid, jsonb, jsonb) to enginejs_owner, enginejs_system;
reset role;
