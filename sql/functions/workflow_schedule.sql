-- Emits what is due: one event per workflow and tick, however many call it at the same time, in one transaction with the
-- next time. Whoever dies in between has done nothing, and somebody else does it. Each tick is one row of
-- enginejs.workflow_ticks, which its key allows once.
--
-- The ticks of a workflow that is paused are passed over. A schedule that cannot be emitted keeps no other from it: its error is kept, and it is tried again.
-- Returns how many were emitted, and the seconds until there is something to do again; null where never.
--
-- `now` is this database's clock; it is an argument so that tests can say what time it is.
set role enginejs_writer;
create or replace function enginejs.workflow_schedule(
  now timestamptz default clock_timestamp(), out emitted int, out next_in double precision
)
language plpgsql volatile set search_path = ''
as $$
declare
  schedule enginejs.workflow_schedules;
  tick timestamptz;
  before int;
begin
  emitted := 0;
  for schedule in
    select s.* from enginejs.workflow_schedules s
    where s.kind <> 'datetime' and s.next_at <= now
    order by s.next_at
    for update skip locked
  loop
    before := emitted;
    begin
      if not exists (select from enginejs.workflow_pauses p where p.workflow = schedule.workflow) then
        for tick in select t from enginejs.workflow_due_ticks(schedule, now) t loop
          insert into enginejs.workflow_ticks (workflow, tick_at) values (schedule.workflow, tick) on conflict do nothing;
          continue when not found;
          update enginejs.workflow_ticks t
          set run_id = enginejs.workflow_start(schedule.workflow, jsonb_build_object('scheduledFor', tick), null, null,
            jsonb_build_object('scheduledFor', tick))
          where t.workflow = schedule.workflow and t.tick_at = tick;
          emitted := emitted + 1;
        end loop;
      end if;
      update enginejs.workflow_schedules s
      set next_at = enginejs.workflow_next_tick(schedule, now), error = null
      where s.workflow = schedule.workflow;
    exception when others then
      emitted := before;
      update enginejs.workflow_schedules s set error = sqlerrm where s.workflow = schedule.workflow;
    end;
  end loop;
  select extract(epoch from least(
    (select min(s.next_at) from enginejs.workflow_schedules s where s.kind <> 'datetime' and s.error is null),
    -- Of a paused workflow nothing is due; one that was given up has no time any more, and infinity no distance.
    (select min(m.due_at) from enginejs.workflow_schedules s
     cross join lateral (
       select m.due_at from enginejs.workflow_moments m where m.workflow = s.workflow order by m.due_at limit 1
     ) m
     where s.kind = 'datetime' and isfinite(m.due_at)
       and not exists (select from enginejs.workflow_pauses p where p.workflow = s.workflow))) - now)
  into next_in;
end
$$;
revoke execute on function enginejs.workflow_schedule(timestamptz) from public;
reset role;
