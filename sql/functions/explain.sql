-- Why an actor may do something with a row, or may not: each rule that speaks about it, with its verdict and the first term
-- that failed, and last one line of effect `verdict`. Of an update it says whether the row may be touched; where the unchanged
-- row is not one that may be left behind, it names what may. For builders; an actor never calls it.
--
--   select rule, effect, verdict, failed from enginejs.explain('…actor', '…tenant', 'Invoice', 'update', '…id');
--
-- entity and command are the model's names; `update dueAt` asks for one field. Without an id: what holds whichever the row.
-- The actor's roles are read live, as at each request; the settings are those of the actor only as long as this runs. Where
-- it fails, the rollback that follows takes them back. A row that the actor may not read does not exist for him.
set role enginejs_reader;
create or replace function enginejs.explain(actor uuid, tenant uuid, entity text, command text, id uuid default null)
returns table (
  ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
)
language plpgsql volatile security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  names constant text[] := array[
    'enginejs.actor_kind', 'enginejs.actor_id', 'enginejs.tenant_id', 'enginejs.roles', 'enginejs.claims', 'enginejs.request'
  ];
  before constant text[] := array(
    select coalesce(pg_catalog.current_setting(n.name, true), '')
    from pg_catalog.unnest(names) with ordinality as n (name, place) order by n.place
  );
  held text[];
  lines jsonb;
  reading jsonb;
  decision record;
  readable record;
begin
  if actor is not null then
    held := enginejs.membership_roles(actor, tenant);
  end if;
  perform pg_catalog.set_config(n.name, coalesce(n.value, ''), true)
  from (values
    ('enginejs.actor_kind', case when actor is null then 'anonymous'
      when exists (select from enginejs.service_accounts as s where s.id = explain.actor) then 'service' else 'user' end),
    ('enginejs.actor_id', actor::text),
    -- A tenant of which he is no member is not set at all.
    ('enginejs.tenant_id', case when held is not null then tenant::text end),
    ('enginejs.roles', coalesce(held::text, '{}')),
    ('enginejs.claims', ''),
    ('enginejs.request', '')
  ) as n (name, value);

  select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) order by r.ordinal) into lines
  from enginejs.explain_rules(explain.entity, explain.command, explain.id) as r;
  select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) order by r.ordinal) into reading
  from enginejs.explain_rules(explain.entity, 'read', explain.id) as r
  where explain.id is not null and pg_catalog.split_part(explain.command, ' ', 1) not in ('read', 'create');

  perform pg_catalog.set_config(n.name, before[n.place], true)
  from pg_catalog.unnest(names) with ordinality as n (name, place);

  if lines is null then
    ordinal := 1;
    rule := 'verdict';
    effect := 'verdict';
    if id is not null and exists (select from enginejs.explain_rules(explain.entity, explain.command, null)) then
      verdict := false;
      failed := entity || ' ' || id || ' does not exist';
      return next;
      return;
    end if;
    raise exception 'explain: the model has no % that knows "%"', pg_catalog.quote_ident(entity), command
      using errcode = 'invalid_parameter_value', hint = 'Give the names of the model: Invoice and update, pay or update dueAt.';
  end if;

  -- Counted anew: those of an entity's function go through all of its commands.
  return query select
    (pg_catalog.row_number() over (order by l.ordinal))::int,
    l.rule, l.effect, l.aspect, l.verdict, l.failed, l.terms, l.source
  from pg_catalog.jsonb_to_recordset(lines) as l (
    ordinal integer, rule text, effect text, aspect text, verdict boolean, failed text, terms jsonb, source text
  ) order by l.ordinal;
  select * into decision from enginejs.explain_decision(
    entity || '.' || command, lines, id is not null, command like '% %'
  );
  if reading is not null then
    select * into readable from enginejs.explain_decision(entity || '.read', reading, true, false);
    if readable.verdict is not true then
      decision.verdict := false;
      decision.why := entity || ' ' || id || ' does not exist for this actor: ' || readable.why;
    end if;
  end if;
  return query select
    (pg_catalog.jsonb_array_length(lines) + 1), 'verdict', 'verdict', null::text, decision.verdict,
    case when decision.verdict and decision.leaves is not null then 'allowed, where it leaves behind: ' || decision.leaves
      when decision.verdict then 'allowed: ' || decision.why
      when decision.verdict is null then 'depends on the row: ' || decision.why
      else 'denied: ' || decision.why end,
    '[]'::jsonb, null::text;
end
$$;
revoke execute on function enginejs.explain(uuid, uuid, text, text, uuid) from public;
grant execute on function enginejs.explain(uuid, uuid, text, text, uuid) to enginejs_owner;
reset role;
