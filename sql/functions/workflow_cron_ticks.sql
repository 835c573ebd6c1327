-- The ticks of a cron schedule after one point of time, up to and including another, by the time zone's rules as this
-- server knows them. Where clocks are changed:
--
--   an hour is skipped   a time in it is kept as many minutes after midnight as it was meant to be: 02:30 runs at 03:30,
--                        which is when 02:30 would have been
--   an hour comes twice  a time in it runs once, the first time
--   the hour is `*`      it follows the elapsed time: none in the hour that there is not, all in each of the two
set role enginejs_writer;
create or replace function enginejs.workflow_cron_ticks(
  schedule enginejs.workflow_schedules, after timestamptz, until timestamptz
) returns setof timestamptz
language sql stable rows 100
begin atomic
  with wall as (
    select d.day + make_interval(hours => h.hour, mins => m.minute) as wall
    from generate_series(
      date_trunc('day', (after at time zone schedule.zone) - interval '3 hours'),
      (until at time zone schedule.zone) + interval '3 hours', interval '1 day') as d (day)
    cross join unnest(schedule.hours) as h (hour)
    cross join unnest(schedule.minutes) as m (minute)
    where extract(month from d.day)::int = any (schedule.months)
      and case when schedule.either_day
        then extract(day from d.day)::int = any (schedule.days) or extract(dow from d.day)::int = any (schedule.weekdays)
        else extract(day from d.day)::int = any (schedule.days) and extract(dow from d.day)::int = any (schedule.weekdays)
      end
      and d.day + make_interval(hours => h.hour, mins => m.minute)
        between (after at time zone schedule.zone) - interval '3 hours'
        and (until at time zone schedule.zone) + interval '3 hours'
  ),
  -- The zone's distance from UTC some hours before and after.
  around as (
    select w.wall,
      ((g.guess - interval '4 hours') at time zone schedule.zone) - ((g.guess - interval '4 hours') at time zone 'UTC') as before,
      ((g.guess + interval '4 hours') at time zone schedule.zone) - ((g.guess + interval '4 hours') at time zone 'UTC') as later
    from wall w cross join lateral (select w.wall at time zone schedule.zone as guess) g
  ),
  candidate as (
    select a.wall, (a.wall - a.before) at time zone 'UTC' as first, (a.wall - a.later) at time zone 'UTC' as second
    from around a
  ),
  judged as (
    select c.first, c.second, (c.first at time zone schedule.zone) = c.wall as first_is,
      (c.second at time zone schedule.zone) = c.wall as second_is
    from candidate c
  ),
  tick as (
    -- The second alone, where the zone moved between.
    select case when j.first_is or not j.second_is then j.first else j.second end as at
    from judged j where j.first_is or j.second_is or not schedule.every_hour
    union
    select j.second from judged j where j.second_is and schedule.every_hour
  )
  select t.at from tick t where t.at > after and t.at <= until order by t.at;
end;
revoke execute on function enginejs.workflow_cron_ticks(enginejs.workflow_schedules, timestamptz, timestamptz) from public;
reset role;
