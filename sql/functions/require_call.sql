-- Refuses what may not be started or called, before anything is done. A person needs one of the roles that the workflow's
-- trigger names, in his tenant, now, or what its `allow` asks for (enginejs.workflow_may_start); the platform needs nothing.
-- A null trigger: everybody may, with his own rights. `schema` is the JSON Schema of the input; null takes anything.
--
-- Raises 42501 where the actor may not, also where nobody but the platform may, and EJ422 where the input does not fit: the
-- message names every place, detail is {"problems": ["lines[2].price: must be integer"]}. A definer's function: actors have
-- no right to what it asks.
set role enginejs_writer;
create or replace function enginejs.require_call(workflow text, trigger jsonb, schema jsonb, input jsonb) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  problems text[] := '{}';
  allowed constant boolean := trigger is null or enginejs.is_platform()
    or trigger ->> 'kind' = 'manual' and coalesce(trigger -> 'roles' ?| enginejs.actor_roles(), false);
begin
  if not allowed and (trigger ->> 'kind' is distinct from 'manual' or not trigger ? 'allow') then
    raise exception 'workflow "%" is not started by this actor', workflow using errcode = 'insufficient_privilege';
  end if;
  -- Before `allow`, which looks into the input.
  if schema is not null then
    problems := enginejs.schema_problems(schema, coalesce(input, 'null'));
  end if;
  if cardinality(problems) > 0 then
    raise exception 'the input of the workflow "%" does not fit: %', workflow, array_to_string(problems, '; ')
      using errcode = 'EJ422', detail = jsonb_build_object('problems', problems);
  end if;
  if not allowed and not coalesce(enginejs.workflow_may_start(workflow, input), false) then
    raise exception 'workflow "%" is not started by this actor', workflow using errcode = 'insufficient_privilege';
  end if;
end
$$;
revoke execute on function enginejs.require_call(text, jsonb, jsonb, jsonb) from public;
grant execute on function enginejs.require_call(text, jsonb, jsonb, jsonb) to enginejs_anonymous, enginejs_user, enginejs_system, enginejs_owner;
reset role;
