-- What is wrong with a value by a JSON Schema (draft 2020-12), each as `lines[2].price: must be integer`; none: it fits. Local
-- references are followed. What cannot be said with certainty here is let pass, such as a pattern that PostgreSQL reads
-- otherwise than JavaScript: the worker looks again with the whole of the schema. A list or object is left at its hundredth:
-- nobody reads more, and each costs more than the one before it. `path` and `root` are for its own calls.
set role enginejs_writer;
create or replace function enginejs.schema_problems(schema jsonb, value jsonb, path text default '', root jsonb default null)
returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  at constant text := case path when '' then 'value' else path end;
  whole constant jsonb := coalesce(root, schema);
  given constant jsonb := coalesce(value, 'null');
  kind constant text := jsonb_typeof(given);
  problems text[] := '{}';
  wanted text[];
  found_schema jsonb;
  fitting int;
  entry record;
begin
  if schema = 'false' then
    return array[at || ': is not allowed'];
  elsif schema is null or jsonb_typeof(schema) <> 'object' then
    return problems;
  end if;

  if schema ? '$ref' and schema ->> '$ref' like '#%' then
    select whole #> coalesce(array_agg(replace(replace(part, '~1', '/'), '~0', '~') order by place), '{}') into found_schema
    from unnest(string_to_array(nullif(substr(schema ->> '$ref', 3), ''), '/')) with ordinality as t (part, place);
    problems := enginejs.schema_problems(found_schema, given, path, whole);
  end if;

  if schema ? 'type' then
    wanted := case jsonb_typeof(schema -> 'type') when 'array' then array(select jsonb_array_elements_text(schema -> 'type'))
      else array[schema ->> 'type'] end;
    if not (kind = any (wanted) or (kind = 'number' and 'integer' = any (wanted) and given::numeric = trunc(given::numeric))) then
      return problems || (at || ': must be ' || array_to_string(wanted, ' or '));
    end if;
  end if;
  if schema ? 'const' and given <> schema -> 'const' then
    problems := problems || (at || ': must be ' || (schema -> 'const')::text);
  end if;
  if jsonb_typeof(schema -> 'enum') = 'array' and not exists (select from jsonb_array_elements(schema -> 'enum') x where x = given) then
    problems := problems || (at || ': must be one of ' || (select string_agg(x::text, ', ') from jsonb_array_elements(schema -> 'enum') x));
  end if;

  case kind
    when 'object' then
      problems := problems || enginejs.schema_problems_of_object(schema, given, path, whole);
    when 'array' then
      problems := problems || enginejs.schema_problems_of_array(schema, given, path, whole);
    when 'string', 'number' then
      problems := problems || array(
        select at || ': ' || p from unnest(enginejs.schema_problems_of_scalar(schema, given)) p);
    else
      null;
  end case;

  for entry in select x from jsonb_array_elements(case jsonb_typeof(schema -> 'allOf') when 'array' then schema -> 'allOf' else '[]' end) x loop
    problems := problems || enginejs.schema_problems(entry.x, given, path, whole);
  end loop;
  foreach found_schema in array array[schema -> 'anyOf', schema -> 'oneOf'] loop
    continue when found_schema is null or jsonb_typeof(found_schema) <> 'array';
    select count(*) filter (where enginejs.schema_problems(x, given, path, whole) = '{}') into fitting
    from jsonb_array_elements(found_schema) x;
    if fitting = 0 then
      -- Of one form the reasons say more than that none fits: the form that the kind of value speaks for.
      select enginejs.schema_problems(x, given, path, whole) into wanted
      from jsonb_array_elements(found_schema) x
      where x ->> 'type' = kind and (select count(*) from jsonb_array_elements(found_schema) y where y ->> 'type' = kind) = 1;
      problems := problems || coalesce(wanted, array[at || ': fits none of the forms that are allowed']);
    elsif fitting > 1 and found_schema = schema -> 'oneOf' and not schema ? 'anyOf' then
      problems := problems || (at || ': fits more than one of the forms that are allowed');
    end if;
  end loop;
  if schema ? 'not' and enginejs.schema_problems(schema -> 'not', given, path, whole) = '{}' then
    problems := problems || (at || ': is what is not allowed');
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems(jsonb, jsonb, text, jsonb) from public;
reset role;
