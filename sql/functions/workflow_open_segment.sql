-- Begins a new segment of the history: partitions for events, finished runs and steps, and a new table that writers
-- insert into, enginejs.workflow_events_current. The one before keeps its rows under its number. Attaching takes no
-- lock that writers notice; only the renaming waits for the transactions that are writing events at that moment,
-- so the caller sets a lock_timeout and tries again another time.
set role enginejs_writer;
create or replace function enginejs.workflow_open_segment() returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  previous int;
  opened int;
  parent text;
begin
  select s.segment into previous from enginejs.workflow_segments s where s.closed_at is null for update;
  select coalesce(max(s.segment), 0) + 1 into opened from enginejs.workflow_segments s;
  if previous is not null then
    execute format('alter table enginejs.workflow_events_current rename to workflow_events_%s', previous);
    execute format('alter index enginejs.workflow_events_current_pkey rename to workflow_events_%s_pkey', previous);
    update enginejs.workflow_segments s set closed_at = clock_timestamp() where s.segment = previous;
  end if;
  insert into enginejs.workflow_segments (segment) values (opened);

  create table enginejs.workflow_events_current (
    like enginejs.workflow_events including defaults including comments,
    constraint workflow_events_current_pkey primary key (id, segment)
  );
  execute format('alter table enginejs.workflow_events_current alter segment set default %s', opened);
  alter table enginejs.workflow_events_current alter id set default nextval('enginejs.workflow_event_ids');
  execute format(
    'alter table enginejs.workflow_events attach partition enginejs.workflow_events_current for values in (%s)', opened);

  foreach parent in array array['workflow_runs_finished', 'workflow_run_steps'] loop
    execute format('create table enginejs.%1$I (like enginejs.%2$I including all)', parent || '_' || opened, parent);
    execute format('alter table enginejs.%2$I attach partition enginejs.%1$I for values in (%3$s)',
      parent || '_' || opened, parent, opened);
  end loop;
  return opened;
end
$$;
revoke execute on function enginejs.workflow_open_segment() from public;

do $$
begin
  if not exists (select from enginejs.workflow_segments s where s.closed_at is null) then
    perform enginejs.workflow_open_segment();
  end if;
end
$$;
reset role;
