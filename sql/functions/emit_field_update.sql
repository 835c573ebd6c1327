-- Writes one event for a changed field that lies in a table of its own: an `update` of its entity that names the field
-- and holds no value, because events are read by more people than the field is. For
--
--   create trigger "90_emit_update" after update on app.employee_salary
--     for each row when (…) execute function enginejs.emit_field_update('Employee', 'salary', 'tenant_id', 'id');
--
-- Arguments: the model's name, the column, then the columns of the primary key, which are all of the payload that is left.
-- Per row and not per statement: the trigger's WHEN condition asks the old row's xmin, which transition tables do not
-- have, and so leaves out rows that this very transaction has made (their event is the `create`) or named already.
set role enginejs_writer;
create or replace function enginejs.emit_field_update() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  model constant text := tg_argv[0];
  payload constant jsonb := enginejs.emit_key(to_jsonb(new), array[model] || tg_argv[2:]);
  actor jsonb;
  origin jsonb;
  wanted constant boolean := enginejs.workflow_subscribed(model, 'update');
  rang boolean;
begin
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  with event as (
    insert into enginejs.workflow_events_current
      (model, action, record_id, before, after, changed, actor, origin, truncated)
    values (model, 'update', new.id, payload, payload, array[tg_argv[1]], actor, origin, true)
    returning id, segment
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, model, 'update' from event e where wanted;
  if found then
    rang := enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_field_update() from public;
grant execute on function enginejs.emit_field_update() to enginejs_owner;
reset role;
