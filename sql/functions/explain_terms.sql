-- What the terms of a rule come to, [{"term": "…", "verdict": true}, …]: their verdict together by three-valued logic, and
-- the first that is not true, in the order of the model's text.
set role enginejs_reader;
create or replace function enginejs.explain_terms(of jsonb) returns table (verdict boolean, failed text, terms jsonb)
language sql immutable parallel safe
set search_path = ''
as $$
  select
    case
      when bool_or(item.term ->> 'verdict' = 'false') then false
      when bool_or(item.term ->> 'verdict' is null) then null
      else true
    end,
    (array_agg(item.term ->> 'term' order by item.place)
      filter (where item.term ->> 'verdict' is distinct from 'true'))[1],
    explain_terms.of
  from jsonb_array_elements(explain_terms.of) with ordinality as item (term, place)
$$;
revoke execute on function enginejs.explain_terms(jsonb) from public;
reset role;
