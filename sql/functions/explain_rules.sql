-- The rules that speak about a command on a row, for the actor of the settings. This is the core's stand-in, which knows
-- no rule; a build replaces the body (`create or replace`, same signature) with one that asks the entity's own function.
set role enginejs_reader;
do $$
begin
  if to_regprocedure('enginejs.explain_rules(text, text, uuid)') is null then
    create function enginejs.explain_rules(entity text, command text, id uuid)
    returns table (
      ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
    )
    language sql stable security definer set search_path = ''
    as 'select 0, '''', '''', '''', false, '''', ''[]''::jsonb, '''' where false';
  end if;
end
$$;
revoke execute on function enginejs.explain_rules(text, text, uuid) from public;
reset role;
