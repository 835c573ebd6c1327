-- Writes one event per inserted row, in the writer's transaction. For
--
--   create trigger "90_emit_create" after insert on app.invoice referencing new table as new_rows
--     for each statement execute function enginejs.emit_create('Invoice', 'tenant_id', 'id');
--
-- Arguments: the model's name, then the columns of the primary key: ('tenant_id', 'id') or ('id'). The transition
-- table is called new_rows. Not executable by anybody but the owner of the tables, who needs that right to make triggers.
--
-- The payload is made once, and what it weighs asked of it: the row's own size says little, as values may be compressed in it.
--
-- The rows are anybody's: a column may be called `n` or `model`. So `n.*` is the row whatever its columns are called, and
-- a name that stands alone is a variable.
--
-- What it costs, beside the same table without the trigger: `npm run bench -- outbox`. Tried there and slower: a log
-- partitioned by day instead of one open segment, and a look into workflow_subscriptions instead of a constant.
-- An expression is made ready anew in every transaction, function by function: so there are few of them and they are short.
set role enginejs_writer;
create or replace function enginejs.emit_create() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
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
  if enginejs.workflow_subscribed(tg_argv[0], 'create') then
    with event as (
      insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated, small_values)
      select tg_argv[0], 'create', r.id,
        case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
        actor, origin, pg_column_size(r.payload) > 65536,
        case when pg_column_size(r.payload) > 65536 then jsonb_build_object('after', enginejs.emit_small(r.payload)) end
      from (select n.id, to_jsonb(n.*) as payload from new_rows n offset 0) r
      returning id, segment
    )
    insert into enginejs.workflow_events_pending (event_id, segment, model, action)
    select e.id, e.segment, tg_argv[0], 'create' from event e;
    if found then
      -- An assignment, not `perform`: an expression without a query of its own costs next to nothing.
      rang := enginejs.ring();
    end if;
  else
    -- Nobody wants it: done at once, one insert.
    insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated)
    select tg_argv[0], 'create', r.id,
      case when pg_column_size(r.payload) > 65536 then enginejs.emit_key(r.payload, tg_argv) else r.payload end,
      actor, origin, pg_column_size(r.payload) > 65536
    from (select n.id, to_jsonb(n.*) as payload from new_rows n offset 0) r;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_create() from public;
grant execute on function enginejs.emit_create() to enginejs_owner;
reset role;
