-- The first tick of a schedule after a point of time; null where there is none within eight years, such as a 30th of
-- February.
set role enginejs_writer;
create or replace function enginejs.workflow_next_tick(schedule enginejs.workflow_schedules, after timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  every constant numeric := extract(epoch from schedule.every);
  window_length interval;
  tick timestamptz;
begin
  if schedule.kind = 'interval' then
    return to_timestamp((floor(extract(epoch from after) / every) + 1) * every);
  end if;
  foreach window_length in array array['2 hours', '2 days', '40 days', '400 days', '2930 days']::interval[] loop
    select t into tick from enginejs.workflow_cron_ticks(schedule, after, after + window_length) t limit 1;
    exit when tick is not null;
  end loop;
  return tick;
end
$$;
revoke execute on function enginejs.workflow_next_tick(enginejs.workflow_schedules, timestamptz) from public;
reset role;
