-- A person's decision for a run that waits for it, in the name of the actor of this transaction. The approval's own
-- condition says who may. Raises EJ404 where nothing waits (or not in this tenant), EJ409 where somebody decided
-- before or the condition is gone, 42501 where it says no.
set role enginejs_writer;
create or replace function enginejs.workflow_decide(run uuid, step text, approve boolean, comment text default null)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  asked enginejs.workflow_waits;
  allowed boolean;
begin
  if approve is null then
    raise exception 'a decision is true or false' using errcode = 'null_value_not_allowed';
  end if;
  select w.* into asked from enginejs.workflow_waits w
  where w.run_id = run and w.step = workflow_decide.step and w.kind = 'approval'
  for update;
  -- Of a run that is to be cancelled nobody's word counts any more: it is not taken as if it did. While it is being undone
  -- (`failure`), what waits is its compensations'.
  if not found or exists (
    select from enginejs.workflow_runs_parked r where r.id = run and r.cancel is not null and r.failure is null
    union all
    select from enginejs.workflow_runs_active r where r.id = run and r.cancel is not null and r.failure is null
  ) or asked.tenant is distinct from enginejs.tenant_id() and asked.tenant is not null
    or asked.outcome is null and asked.until <= clock_timestamp() then
    raise exception 'nothing waits for a decision here' using errcode = 'EJ404';
  end if;
  allowed := enginejs.workflow_may_decide(asked.policy, asked.scope);
  if allowed is null then
    raise exception 'the rule of the approval "%" is not there any more', asked.step using errcode = 'EJ409',
      hint = 'Whoever operates may fork the run to the newest definition.';
  end if;
  if not allowed then
    raise exception 'the rule of the approval "%" says no', asked.step using errcode = 'insufficient_privilege';
  end if;
  if asked.outcome is not null then
    raise exception 'somebody has decided already' using errcode = 'EJ409';
  end if;
  update enginejs.workflow_waits w
  set outcome = jsonb_build_object('output', jsonb_build_object(
    'approved', approve, 'by', enginejs.actor_id(), 'comment', comment, 'timedOut', false))
  where w.run_id = run and w.step = workflow_decide.step;
  perform enginejs.workflow_unpark(array[run]);
  return approve;
end
$$;
revoke execute on function enginejs.workflow_decide(uuid, text, boolean, text) from public;
grant execute on function enginejs.workflow_decide(uuid, text, boolean, text) to enginejs_user, enginejs_system;
reset role;
