-- Writes one event per deleted row, in the writer's transaction. For
--
--   create trigger "90_emit_delete" after delete on app.invoice referencing old table as old_rows
--     for each statement execute function enginejs.emit_delete('Invoice', 'tenant_id', 'id');
--
-- Arguments as those of emit_create; the transition table is called old_rows.
-- A column may be called like the alias: `o.*` is the row whatever its columns are called.
set role enginejs_writer;
create or replace function enginejs.emit_delete() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  actor jsonb;
  origin jsonb;
  rang boolean;
begin
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  if enginejs.workflow_subscribed(tg_argv[0], 'delete') then
    with event as (
      insert into enginejs.workflow_events_current (model, action, record_id, before, actor, origin, truncated, small_values)
      select tg_argv[0], 'delete', r.id,
        case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
        actor, origin, pg_column_size(r.payload) > 65536,
        case when pg_column_size(r.payload) > 65536 then jsonb_build_object('before', enginejs.emit_small(r.payload)) end
      from (select o.id, to_jsonb(o.*) as payload from old_rows o offset 0) r
      returning id, segment
    )
    insert into enginejs.workflow_events_pending (event_id, segment, model, action)
    select e.id, e.segment, tg_argv[0], 'delete' from event e;
    if found then
      rang := enginejs.ring();
    end if;
  else
    -- Nobody wants it: done at once, one insert.
    insert into enginejs.workflow_events_current (model, action, record_id, before, actor, origin, truncated)
    select tg_argv[0], 'delete', r.id,
      case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
      actor, origin, pg_column_size(r.payload) > 65536
    from (select o.id, to_jsonb(o.*) as payload from old_rows o offset 0) r;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_delete() from public;
grant execute on function enginejs.emit_delete() to enginejs_owner;
reset role;
