-- What is wrong with a text's length, form and format, or a number's range: see schema_problems.sql.
set role enginejs_writer;
create or replace function enginejs.schema_problems_of_scalar(schema jsonb, given jsonb) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  text_given constant text := given #>> '{}';
  pattern constant text := schema ->> 'pattern';
  problems text[] := '{}';
  number numeric;
  odd boolean;
begin
  if jsonb_typeof(given) = 'number' then
    number := given::numeric;
    return array(
      select c.problem from (values
        (number < (schema ->> 'minimum')::numeric, 'must be at least ' || (schema ->> 'minimum')),
        (number > (schema ->> 'maximum')::numeric, 'must be at most ' || (schema ->> 'maximum')),
        (number <= (schema ->> 'exclusiveMinimum')::numeric, 'must be greater than ' || (schema ->> 'exclusiveMinimum')),
        (number >= (schema ->> 'exclusiveMaximum')::numeric, 'must be less than ' || (schema ->> 'exclusiveMaximum')),
        (number % nullif((schema ->> 'multipleOf')::numeric, 0) <> 0, 'must be a multiple of ' || (schema ->> 'multipleOf'))
      ) as c (wrong, problem) where c.wrong);
  end if;
  if char_length(text_given) < (schema ->> 'minLength')::numeric then
    problems := problems || ('must have at least ' || (schema ->> 'minLength') || ' characters');
  end if;
  if char_length(text_given) > (schema ->> 'maxLength')::numeric then
    problems := problems || ('must have at most ' || (schema ->> 'maxLength') || ' characters');
  end if;
  odd := case schema ->> 'format'
      when 'uuid' then text_given !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      when 'date' then text_given !~ '^\d{4}-\d{2}-\d{2}$'
      when 'date-time' then text_given !~* '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$'
      when 'email' then text_given !~ '^[^@\s]+@[^@\s]+$'
      when 'uri' then text_given !~* '^[a-z][a-z0-9+.-]*:'
    end;
  if odd then
    problems := problems || ('is no ' || (schema ->> 'format'));
  end if;
  -- Only what both languages read alike: `\b`, `\p{…}`, `\u…`, named groups and `.` before a line's end are not.
  if not coalesce(odd, false) and pattern is not null and pattern !~ '\\[^dwsDWS.\-/\\()\[\]{}+*?^$|@:,_ntr]' and pattern !~ '\(\?(<|[a-z])' and pattern !~ '\[\^?\]'
    and pattern not like '***%' and text_given !~ '[\n\r]' then
    begin
      if text_given !~ pattern then
        -- zod writes a pattern beside each format: the format's name says more.
        problems := problems || coalesce('is no ' || (schema ->> 'format'), 'must match ' || left(pattern, 200));
      end if;
    exception when invalid_regular_expression or program_limit_exceeded then
      null;
    end;
  end if;
  return problems;
end
$$;
revoke execute on function enginejs.schema_problems_of_scalar(jsonb, jsonb) from public;
reset role;
