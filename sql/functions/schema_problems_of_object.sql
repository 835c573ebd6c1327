-- What is wrong with the members of an object: see schema_problems.sql, which calls this one and is called by it.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_object(schema jsonb, given jsonb, path text, root jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  prefix constant text := case path when '' then '' else path || '.' end;
  at constant text := case path when '' then 'value' else path end;
  problems text[] := '{}';
  members int;
  entry record;
begin
  problems := problems || array(
    select prefix || r || ': is required'
    from jsonb_array_elements_text(case jsonb_typeof(schema -> 'required') when 'array' then schema -> 'required' else '[]' end) r
    where not given ? r);
  for entry in select m.key, m.value from jsonb_each(given) m order by m.key loop
    exit when cardinality(problems) >= 100;
    if schema -> 'properties' ? entry.key then
      problems := problems || enginejs.schema_problems(schema -> 'properties' -> entry.key, entry.value, prefix || entry.key, root);
    elsif schema ? 'additionalProperties' and not schema ? 'patternProperties' then
      problems := problems || enginejs.schema_problems(schema -> 'additionalProperties', entry.value, prefix || entry.key, root);
    end if;
    if schema ? 'propertyNames' and enginejs.schema_problems(schema -> 'propertyNames', to_jsonb(entry.key), '', root) <> '{}' then
      problems := problems || (prefix || entry.key || ': is no name that is allowed');
    end if;
  end loop;
  select count(*) into members from jsonb_object_keys(given);
  if members < (schema ->> 'minProperties')::numeric then
    problems := problems || (at || ': must have at least ' || (schema ->> 'minProperties') || ' members');
  end if;
  if members > (schema ->> 'maxProperties')::numeric then
    problems := problems || (at || ': must have at most ' || (schema ->> 'maxProperties') || ' members');
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_object(jsonb, jsonb, text, jsonb) from public;
reset role;
