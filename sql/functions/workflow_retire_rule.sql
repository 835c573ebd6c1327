-- Puts the function of an approval away that the model has no more: from the model's schema into the core's, where runs
-- of older definitions find it and no build wonders whose it is. Called by a build, as the function's owner; what nobody
-- needs any more goes with workflow_forget_rules.
set role enginejs_reader;
create or replace function enginejs.workflow_retire_rule(schema_name text, rule text, workflow text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if to_regprocedure(format('%I.%I(jsonb)', schema_name, rule)) is null then
    return;
  end if;
  -- Put away once before, and built again since.
  execute format('drop function if exists enginejs.%I(jsonb)', rule);
  execute format('alter function %I.%I(jsonb) set schema enginejs', schema_name, rule);
  insert into enginejs.workflow_retired_rules as r (rule, workflow)
  values (workflow_retire_rule.rule, workflow_retire_rule.workflow)
  on conflict on constraint workflow_retired_rules_pkey
    do update set workflow = excluded.workflow, retired_at = excluded.retired_at;
end
$$;
revoke execute on function enginejs.workflow_retire_rule(text, text, text) from public;
reset role;
