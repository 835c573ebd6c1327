-- What is wrong with the items of an array: see schema_problems.sql, which calls this one and is called by it.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_array(schema jsonb, given jsonb, path text, root jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  at constant text := case path when '' then 'value' else path end;
  first constant jsonb := case jsonb_typeof(schema -> 'prefixItems') when 'array' then schema -> 'prefixItems' else '[]' end;
  problems text[] := '{}';
  entry record;
begin
  if jsonb_array_length(given) < (schema ->> 'minItems')::numeric then
    problems := problems || (at || ': must have at least ' || (schema ->> 'minItems') || ' items');
  end if;
  if jsonb_array_length(given) > (schema ->> 'maxItems')::numeric then
    problems := problems || (at || ': must have at most ' || (schema ->> 'maxItems') || ' items');
  end if;
  if schema -> 'uniqueItems' = 'true' and (select count(*) <> count(distinct x) from jsonb_array_elements(given) x) then
    problems := problems || (at || ': must not have an item twice');
  end if;
  for entry in select i.value, (i.place - 1)::int as place from jsonb_array_elements(given) with ordinality as i (value, place) loop
    exit when cardinality(problems) >= 100;
    if entry.place < jsonb_array_length(first) then
      problems := problems || enginejs.schema_problems(first -> entry.place, entry.value, path || '[' || entry.place || ']', root);
    elsif schema ? 'items' then
      problems := problems || enginejs.schema_problems(schema -> 'items', entry.value, path || '[' || entry.place || ']', root);
    end if;
  end loop;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_array(jsonb, jsonb, text, jsonb) from public;
reset role;
