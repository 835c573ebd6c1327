-- Refuses (42501) whoever may not operate workflows. May: a person with a token, or a service account, that has the
-- platform's role `operator` now; and whoever builds. A person's API key does not carry the role.
--
-- Called first by each function for operators. `role` stays what begin_request set also inside definers' functions.
set role enginejs_writer;
create or replace function enginejs.require_operator() returns void
language plpgsql stable set search_path = ''
as $$
declare
  acting constant text := current_setting('role');
begin
  if acting = 'enginejs_user' then
    if enginejs.actor_kind() in ('user', 'service') and 'operator' = any (enginejs.platform_roles(enginejs.actor_id())) then
      return;
    end if;
  elsif acting not in ('enginejs_anonymous', 'enginejs_system', 'enginejs_action')
    and pg_has_role(case acting when 'none' then session_user else acting::name end, 'enginejs_owner', 'usage') then
    return;
  end if;
  raise exception 'this is for operators' using errcode = 'insufficient_privilege';
end
$$;
revoke execute on function enginejs.require_operator() from public;
reset role;
