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
-- Inserts through pgbench, 8 clients, prepared, PostgreSQL 18, medians of alternating turns, as ratios to the same table
-- without the trigger (two keys, a foreign key, an index, a check, a generated column):
--
--                                                      1 row   10 rows   100 rows
--   nobody wants the event                              0.81      0.65       0.61
--   a workflow wants it                                 0.72      0.64       0.57
--   one table with a status column and its index        0.75                 0.58
--
-- on a table written by hand after InvoiceLine; `npm run bench -- outbox` measures the compiled one. Of the parts, in
-- sketches and for one row: log partitioned by day instead of workflow_events_current 0.05 less; looking into
-- workflow_subscriptions instead of a constant 0.03 less; actor and origin only where there is a request 0.03 more.
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
      insert into enginejs.workflow_events_current (model, action, record_id, after, actor, origin, truncated)
      select model, 'create', n.id,
        case when pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
          then enginejs.emit_key(to_jsonb(n.*), tg_argv) else to_jsonb(n.*) end,
        actor, origin, pg_column_size(n.*) > 8192 and pg_column_size(to_jsonb(n.*)) > 65536
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
