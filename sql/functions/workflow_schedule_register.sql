-- Takes over the schedules, signals and webhooks of a build, in its transaction. One that is as it was keeps its next time; a new or changed one
-- counts from now on; one that the build no longer has is gone.
set role enginejs_writer;
create or replace function enginejs.workflow_schedule_register() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted record;
  field text[];
  entity jsonb;
begin
  -- A scheduler that is just emitting has ended before.
  lock table enginejs.workflow_schedules in share row exclusive mode;
  delete from enginejs.workflow_schedules s
  where not exists (
    select from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition ->> 'name' = s.workflow and w.definition -> 'trigger' = s.trigger
  );
  delete from enginejs.workflow_triggers;
  insert into enginejs.workflow_triggers (kind, name, workflow)
  select w.definition -> 'trigger' ->> 'kind',
    coalesce(w.definition -> 'trigger' ->> 'signal', w.definition -> 'trigger' ->> 'path'), w.definition ->> 'name'
  from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
  where w.definition -> 'trigger' ->> 'kind' in ('signal', 'webhook');

  for wanted in
    select w.definition ->> 'name' as workflow, w.definition -> 'trigger' as trigger
    from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition -> 'trigger' ->> 'kind' in ('interval', 'cron')
      and not exists (select from enginejs.workflow_schedules s where s.workflow = w.definition ->> 'name')
  loop
    field := regexp_split_to_array(btrim(wanted.trigger ->> 'expression'), '\s+');
    insert into enginejs.workflow_schedules
      (workflow, kind, trigger, every, minutes, hours, days, months, weekdays, either_day, every_hour, zone, catch_up)
    values (
      wanted.workflow, wanted.trigger ->> 'kind', wanted.trigger,
      (wanted.trigger ->> 'everyMs')::bigint * interval '1 ms',
      enginejs.workflow_cron_field(field[1], 0, 59), enginejs.workflow_cron_field(field[2], 0, 23),
      enginejs.workflow_cron_field(field[3], 1, 31),
      enginejs.workflow_cron_field(field[4], 1, 12, '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'),
      -- Sunday is 0 and 7.
      array(
        select distinct d % 7 from unnest(
          enginejs.workflow_cron_field(field[5], 0, case when field[5] like '*%' then 6 else 7 end,
            '{SUN,MON,TUE,WED,THU,FRI,SAT}')) d),
      field[3] not like '*%' and field[5] not like '*%', field[2] like '*%',
      wanted.trigger ->> 'zone',
      case wanted.trigger ->> 'catchUp' when 'none' then 0 when 'one' then 1
        else (wanted.trigger -> 'catchUp' ->> 'most')::int end
    );
    begin
      update enginejs.workflow_schedules s set next_at = enginejs.workflow_next_tick(s, clock_timestamp())
      where s.workflow = wanted.workflow;
    exception when invalid_parameter_value then
      raise exception 'workflow %: this server knows no time zone "%"', wanted.workflow, wanted.trigger ->> 'zone'
        using errcode = 'invalid_parameter_value';
    end;
  end loop;
  for wanted in
    select w.definition ->> 'name' as workflow, w.definition -> 'trigger' as trigger
    from jsonb_array_elements(coalesce(new.ir -> 'workflows', '[]')) as w (definition)
    where w.definition -> 'trigger' ->> 'kind' = 'datetime'
      and not exists (select from enginejs.workflow_schedules s where s.workflow = w.definition ->> 'name')
  loop
    select e.entity into strict entity
    from jsonb_array_elements(new.ir -> 'entities') as e (entity)
    where e.entity ->> 'name' = wanted.trigger ->> 'entity';
    insert into enginejs.workflow_schedules (workflow, kind, trigger, model, column_name, shift)
    select wanted.workflow, 'datetime', wanted.trigger, wanted.trigger ->> 'entity', f.field -> 'storage' ->> 'column',
      (wanted.trigger ->> 'offsetMs')::bigint * interval '1 ms'
    from jsonb_array_elements(entity -> 'fields') as f (field)
    where f.field ->> 'name' = wanted.trigger ->> 'field';
    perform enginejs.workflow_fill_moments(wanted.workflow, new.ir ->> 'schema', entity ->> 'table',
      entity -> 'primaryKey' -> 'columns' ? 'tenant_id');
  end loop;
  delete from enginejs.workflow_moments m
  where not exists (select from enginejs.workflow_schedules s where s.workflow = m.workflow and s.kind = 'datetime');
  return null;
end
$$;
revoke execute on function enginejs.workflow_schedule_register() from public;
grant execute on function enginejs.workflow_schedule_register() to enginejs_owner;
reset role;

set role enginejs_owner;
-- After workflow_register, by its name.
create or replace trigger workflow_schedule_register after insert on enginejs.build
  for each row execute function enginejs.workflow_schedule_register();
reset role;
