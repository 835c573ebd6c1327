-- What the lines of an explanation come to: true, false, or null for "it depends on the row", and why. An allow must be true,
-- no deny may be, and everything else must be. What rules say of what is left behind counts where nothing is touched (a new
-- row); where something is, it depends on the change: `leaves` names the rules that the unchanged row does not fulfil.
--
-- what: "Invoice.update", for the sentence.  of_row: a row is given, so that unknown is no. A field's lines count where the
-- command names the field.
set role enginejs_reader;
create or replace function enginejs.explain_decision(
  what text, lines jsonb, of_row boolean, of_field boolean,
  out verdict boolean, out why text, out leaves text
)
language sql immutable
set search_path = ''
as $$
  with line as (
    select l.* from jsonb_to_recordset(lines)
      as l (ordinal int, rule text, effect text, aspect text, verdict boolean, failed text)
    where l.effect <> 'field' or of_field
  ), change as (
    -- What rules say of the row as a change of it would leave it.
    select l.* from line as l
    where l.aspect = 'leave' and l.effect in ('allow', 'deny')
      and exists (select from line as t where t.aspect = 'touch' and t.effect = 'allow')
  ), judged as (
    select l.* from line as l where not exists (select from change as c where c.ordinal = l.ordinal)
  ), demand as (
    -- Each demand with what is said where it is not fulfilled.
    select min(ordinal) as ordinal,
      case when bool_or(verdict) then true when bool_or(verdict is null) then null else false end as verdict,
      what || ' is for: ' || string_agg(rule, ', ' order by ordinal) as why
    from judged where effect = 'allow' group by effect
    union all
    select ordinal, case when of_row then verdict is not true else not verdict end,
      what || ' is denied: ' || rule
    from judged where effect = 'deny'
    union all
    select ordinal, verdict,
      case effect when 'tenancy' then 'tenancy: ' || failed
        when 'guard' then rule
        when 'state' then rule || ': ' || failed
        when 'column' then failed
        else rule || case when failed is null then '' else ': ' || failed end end
    from judged where effect not in ('allow', 'deny')
  ), unfulfilled as (
    select d.why, case when of_row then false else d.verdict end as verdict
    from demand as d where d.verdict is not true order by d.verdict is null, d.ordinal limit 1
  ), left_behind as (
    select min(ordinal) as ordinal, string_agg(rule, ', ' order by ordinal) as sentence
    from change where effect = 'allow' having bool_or(verdict) is not true
    union all
    select ordinal, 'nothing of: ' || rule
    from change where effect = 'deny' and case when of_row then verdict else verdict is not false end
  )
  select
    case when exists (select from unfulfilled) then (select u.verdict from unfulfilled as u) else true end,
    coalesce(
      (select u.why from unfulfilled as u),
      (select string_agg(j.rule, ', ' order by j.ordinal) from judged as j where j.effect = 'allow' and j.verdict)
    ),
    (select string_agg(b.sentence, '; ' order by b.ordinal) from left_behind as b where b.sentence is not null)
$$;
revoke execute on function enginejs.explain_decision(text, jsonb, boolean, boolean) from public;
reset role;
