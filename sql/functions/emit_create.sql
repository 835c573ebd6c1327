-- Writes one event per inserted row, in the writer's transaction. For
--
--   create trigger "90_emit_create" after insert on app.invoice referencing new table as new_rows
--     for each statement execute function enginejs.emit_create('Invoice', 'tenant_id', 'id');
--
-- Arguments: the model's name, then the columns of the primary key: ('tenant_id', 'id') or ('id'). The transition
-- table is called new_rows. Not executable by anybody but the owner of the tables, who needs that right to make triggers.
--
-- The row's own size is looked at first, so that the payload is made once for all but large rows.
--
-- The rows are anybody's: a column may be called `n` or `model`. So `n.*` is the row whatever its columns are called, and
-- a name that stands alone is a variable.
--
-- What it costs, beside the same table without the trigger: `npm run bench -- outbox`. Tried there and slower: a log
-- partitioned by day instead of one open segment, and a look into workflow_subscriptions instead of a constant.
set role enginejs_writer;
create or replace function enginejs.emit_create() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  model constant text := tg_argv[0];
  actor jsonb;
  origin jsonb;
  rang boolean;
begin
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  if enginejs.workflow_subscribed(model, 'create') then
    with event as (
      insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated, small_values)
      select model, 'create', n.id,
        case when pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
          then enginejs.emit_key(to_jsonb(n.*), tg_argv) else to_jsonb(n.*) end,
        actor, origin, pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536,
        case when pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
          then jsonb_build_object('after', enginejs.emit_small(to_jsonb(n.*))) end
      from new_rows n
      returning id, segment
    )
    insert into enginejs.workflow_events_pending (event_id, segment, model, action)
    select e.id, e.segment, model, 'create' from event e;
    if found then
      -- An assignment, not `perform`: an expression without a query of its own costs next to nothing.
      rang := enginejs.ring();
    end if;
  else
    -- Nobody wants it: done at once, one insert.
    insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated)
    select model, 'create', n.id,
      case when pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
        then enginejs.emit_key(to_jsonb(n.*), tg_argv) else to_jsonb(n.*) end,
      actor, origin, pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
    from new_rows n;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_create() from public;
grant execute on function enginejs.emit_create() to enginejs_owner;
reset role;
