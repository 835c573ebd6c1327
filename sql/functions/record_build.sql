-- Row trigger: each build is a line of the administration log: its hash, how many statements, and the policies and rights
-- that it touched, by name; and who gained or lost what by it, where that changed.
set role enginejs_owner;
create or replace function enginejs.record_build() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform enginejs.record_administration('build', null, null, (
    select jsonb_build_object(
      'build', new.id, 'hash', new.ir_hash, 'engine', new.engine_version,
      'statements', jsonb_array_length(coalesce(new.plan -> 'steps', '[]')),
      'authorization', coalesce(jsonb_agg(distinct s.step - 'hazards'), '[]'))
      || case when new.plan ? 'access' then jsonb_build_object('access', new.plan -> 'access') else '{}' end
    from jsonb_array_elements(coalesce(new.plan -> 'steps', '[]')) as s (step)
    where s.step ->> 'kind' in ('policy', 'row security', 'grant', 'revoke') or s.step -> 'hazards' ? 'changes authorization'));
  return null;
end
$$;
revoke execute on function enginejs.record_build() from public;

create or replace trigger record_build after insert on enginejs.build
  for each row execute function enginejs.record_build();
reset role;
