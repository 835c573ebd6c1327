-- The values that one field of a cron expression lets pass: `*`, `5`, `1-5`, `*/15`, `0-30/10`, lists of these; names
-- (`MON`, `JAN`) by their place in `names`, from `lowest` on. The model has checked the text (src/model/cron.ts).
set role enginejs_writer;
create or replace function enginejs.workflow_cron_field(field text, lowest int, highest int, names text[] default '{}')
returns int[]
language sql immutable
return (
  with part as (
    select split_part(p.part, '/', 1) as range, nullif(split_part(p.part, '/', 2), '')::int as step
    from unnest(string_to_array(field, ',')) as p (part)
  ),
  bound as (
    select p.step,
      case when p.range = '*' then lowest::text else split_part(p.range, '-', 1) end as low,
      case
        when p.range = '*' then highest::text
        when p.range like '%-%' then split_part(p.range, '-', 2)
        -- `5/15`: from 5 to the end.
        when p.step is not null then highest::text
        else p.range
      end as high
    from part p
  )
  select array_agg(distinct v.value order by v.value)
  from bound b
  cross join lateral generate_series(
    coalesce(array_position(names, upper(b.low)) - 1 + lowest, b.low::int),
    coalesce(array_position(names, upper(b.high)) - 1 + lowest, b.high::int),
    coalesce(b.step, 1)) as v (value)
);
revoke execute on function enginejs.workflow_cron_field(text, int, int, text[]) from public;
reset role;
