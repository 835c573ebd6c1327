-- Writes one event per row that an update really changed, in the writer's transaction. For
--
--   create trigger "90_emit_update" after update on app.invoice
--     referencing old table as old_rows new table as new_rows
--     for each statement execute function enginejs.emit_update('Invoice', 'tenant_id', 'id');
--
-- Arguments as those of emit_create; the transition tables are called old_rows and new_rows. Old and new rows are
-- paired on the key, which is immutable. `updated_at` alone is no change and is not named in `changed`.
--
-- The action is `update`; of the row that the setting enginejs.action_row names, what enginejs.action says, with
-- enginejs.action_input as what the action was called with: an action function sets them around its own update. Other rows
-- that a trigger changes on the way, of this table or another, are updates like any.
--
-- The plan is kept for the session and may be made for one row: a nested loop of transition tables, which have
-- no index, would take minutes for some ten thousand.
-- A column may be called like the alias: `n.*` is the row whatever its columns are called.
set role enginejs_writer;
create or replace function enginejs.emit_update() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_nestloop = off
as $$
declare
  model constant text := tg_argv[0];
  action text;
  acted_on text;
  input jsonb;
  actor jsonb;
  origin jsonb;
  wanted constant boolean := enginejs.workflow_subscribed(model, 'update');
  wanted_action boolean;
  rang boolean;
begin
  if nullif(current_setting('enginejs.action', true), 'update') <> '' then
    action := current_setting('enginejs.action');
    acted_on := current_setting('enginejs.action_row', true);
    input := nullif(current_setting('enginejs.action_input', true), '')::jsonb;
    wanted_action := enginejs.workflow_subscribed(model, action);
  end if;
  -- What a writer without request is spared.
  if enginejs.emit_requested() then
    actor := enginejs.emit_actor();
    origin := enginejs.emit_origin();
  end if;
  with event as (
    insert into enginejs.workflow_events_current as w
      (model, action, record_id, before, after, changed, input, actor, origin, truncated, small_values)
    select model, case when r.acted then action else 'update' end, r.id,
      case when r.large then enginejs.emit_key(r.before, tg_argv) else r.before end,
      case when r.large then enginejs.emit_key(r.after, tg_argv) else r.after end,
      r.changed, case when r.acted then input end, actor, origin, r.large,
      case when r.large
        then jsonb_build_object('before', enginejs.emit_small(r.before), 'after', enginejs.emit_small(r.after)) end
    from (
      select p.id, p.before, p.after, acted_on is not null and p.id::text = acted_on as acted,
        pg_column_size(p.before) + pg_column_size(p.after) > 65536 as large,
        array(
          select c.key from jsonb_each(p.after) c
          where c.value is distinct from p.before -> c.key and c.key <> 'updated_at'
        ) as changed
      from (
        select n.id, to_jsonb(o.*) as before, to_jsonb(n.*) as after
        from old_rows o join new_rows n on n.id = o.id
        offset 0
      ) p
      -- Ids of different tenants may be equal; a table without that key column has unique ids.
      where tg_nargs = 2 or p.before -> 'tenant_id' = p.after -> 'tenant_id'
      offset 0
    ) r
    -- An action is an event also where nothing but the time of the change is new.
    where r.changed <> '{}' or r.acted
    returning w.id, w.segment, w.action
  )
  insert into enginejs.workflow_events_pending (event_id, segment, model, action)
  select e.id, e.segment, model, e.action from event e
  where case when e.action = 'update' then wanted else wanted_action end;
  if found then
    rang := enginejs.ring();
  end if;
  return null;
end
$$;
revoke execute on function enginejs.emit_update() from public;
grant execute on function enginejs.emit_update() to enginejs_owner;
reset role;
