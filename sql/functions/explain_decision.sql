-- What the lines of an explanation come to: true, false, or null for "it depends on the row", and why. Each aspect (what may
-- be touched, what may be left behind) needs an allow of its own; no deny may be true; everything else must be true.
--
-- what: "Invoice.update", for the sentence.  of_row: a row is given, so that unknown is no. A field's lines count where the
-- command names the field.
set role enginejs_reader;
create or replace function enginejs.explain_decision(
  what text, lines jsonb, of_row boolean, of_field boolean,
  out verdict boolean, out why text
)
language sql immutable
set search_path = ''
as $$
  with line as (
    select l.* from jsonb_to_recordset(lines)
      as l (ordinal int, rule text, effect text, aspect text, verdict boolean, failed text)
    where l.effect <> 'field' or of_field
  ), demand as (
    -- Each demand with what is said where it is not fulfilled.
    select min(ordinal) as ordinal,
      case when bool_or(verdict) then true when bool_or(verdict is null) then null else false end as verdict,
      what || ' is for: ' || string_agg(rule, ', ' order by ordinal)
        || case aspect when 'leave' then ' (what is left behind)' else '' end as why
    from line where effect = 'allow' group by aspect
    union all
    select ordinal, case when of_row then verdict is not true else not verdict end,
      what || ' is denied: ' || rule || case aspect when 'leave' then ' (what is left behind)' else '' end
    from line where effect = 'deny'
    union all
    select ordinal, verdict,
      case effect when 'tenancy' then 'tenancy: ' || failed
        when 'guard' then rule
        when 'state' then rule || ': ' || failed
        when 'column' then failed
        else rule || case when failed is null then '' else ': ' || failed end end
    from line where effect not in ('allow', 'deny')
  ), unfulfilled as (
    select d.why, case when of_row then false else d.verdict end as verdict
    from demand as d where d.verdict is not true order by d.verdict is null, d.ordinal limit 1
  )
  select
    case when exists (select from unfulfilled) then (select u.verdict from unfulfilled as u) else true end,
    coalesce(
      (select u.why from unfulfilled as u),
      (select string_agg(l.rule, ', ' order by l.ordinal) from line as l where l.effect = 'allow' and l.verdict)
    )
$$;
revoke execute on function enginejs.explain_decision(text, jsonb, boolean, boolean) from public;
reset role;
