-- Drops the functions of approvals that were put away longer ago than asked and that no run can ask any more. Returns
-- how many. A while is left because a relay that has not seen the build yet may start a run of the old definition.
set role enginejs_reader;
create or replace function enginejs.workflow_forget_rules(put_away interval) returns int
language plpgsql volatile security definer set search_path = ''
as $$
declare
  old record;
  forgotten int := 0;
begin
  for old in
    delete from enginejs.workflow_retired_rules r
    where r.retired_at < clock_timestamp() - put_away and not enginejs.workflow_needs_rule(r.rule, r.workflow)
    returning r.rule
  loop
    execute format('drop function if exists enginejs.%I(jsonb)', old.rule);
    forgotten := forgotten + 1;
  end loop;
  return forgotten;
end
$$;
revoke execute on function enginejs.workflow_forget_rules(interval) from public;
grant execute on function enginejs.workflow_forget_rules(interval) to enginejs_writer;
reset role;
