-- Whether a run may still ask a function that the newest build has no more: one that waits by it, is under way with an
-- older definition of the workflow, or has failed with one and may be tried again.
set role enginejs_writer;
create or replace function enginejs.workflow_needs_rule(rule text, workflow text) returns boolean
language sql stable security definer set search_path = ''
as $$
  with older as (
    select d.id from enginejs.workflow_definitions d
    where d.name = workflow_needs_rule.workflow and not exists (
      select from enginejs.workflow_subscriptions s
      where s.model = 'workflow:' || d.name and s.action = 'start' and s.definition_id = d.id)
  )
  select exists (select from enginejs.workflow_waits w where w.policy = workflow_needs_rule.rule)
    or exists (select from enginejs.workflow_runs_active r where r.definition_id in (select o.id from older o))
    or exists (select from enginejs.workflow_runs_parked r where r.definition_id in (select o.id from older o))
    or exists (
      select from enginejs.workflow_runs_finished r
      where r.status = 'failed' and r.definition_id in (select o.id from older o))
$$;
revoke execute on function enginejs.workflow_needs_rule(text, text) from public;
grant execute on function enginejs.workflow_needs_rule(text, text) to enginejs_reader;
reset role;
