-- The ticks of a schedule that are to be emitted: of those from its next_at to `now`, each of the last minute, and as
-- many of the others, the newest, as it catches up with. However long nobody was there, some thousand are looked at.
set role enginejs_writer;
create or replace function enginejs.workflow_due_ticks(schedule enginejs.workflow_schedules, now timestamptz)
returns setof timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  every constant numeric := extract(epoch from schedule.every);
  last numeric;
  back interval;
  since timestamptz;
  ticks timestamptz[];
begin
  if schedule.kind = 'interval' then
    last := floor(extract(epoch from now) / every);
    select array_agg(to_timestamp(n * every) order by n) into ticks
    from generate_series(
      greatest(ceil(extract(epoch from schedule.next_at) / every), last - greatest(schedule.catch_up, ceil(60 / every))),
      last) as n;
  else
    foreach back in array array['2 hours', '2 days', '40 days', '400 days', '10000 days']::interval[] loop
      since := greatest(now - back, schedule.next_at - interval '1 microsecond');
      ticks := array(select t from enginejs.workflow_cron_ticks(schedule, since, now) t);
      exit when cardinality(ticks) > schedule.catch_up or since < schedule.next_at;
    end loop;
  end if;
  return query
    select t.tick from unnest(ticks) with ordinality as t (tick, place)
    where t.tick > now - interval '1 minute' or t.place > cardinality(ticks) - schedule.catch_up
    order by t.tick;
end
$$;
revoke execute on function enginejs.workflow_due_ticks(enginejs.workflow_schedules, timestamptz) from public;
reset role;
