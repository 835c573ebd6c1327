-- The outermost nodes of a run that compensations have undone, wholly or in part: what they left as checkpoints is not true any more.
set role enginejs_writer;
create or replace function enginejs.workflow_undone(run uuid, run_segment int, run_definition int) returns text[]
language sql stable set search_path = ''
as $$
  with compensation as (
    select distinct c.node ->> 'id' as id, c.node ->> 'of' as undoes
    from enginejs.workflow_definitions d
    cross join lateral jsonb_path_query(d.definition, '$.**.nodes[*] ? (@.kind == "compensate")') as c (node)
    where d.id = run_definition
  ),
  part as (
    select string_to_array(regexp_replace(s.step, '\[[0-9]*\]', '', 'g'), '.') as path
    from enginejs.workflow_run_steps s
    where s.run_id = run and s.segment = run_segment and exists (select from compensation)
  )
  select coalesce(array_agg(distinct coalesce(outer_one.undoes, p.path[1])), '{}')
  from part p
  join compensation c on c.id = any (p.path)
  left join compensation outer_one on outer_one.id = p.path[1]
$$;
revoke execute on function enginejs.workflow_undone(uuid, int, int) from public;
reset role;
