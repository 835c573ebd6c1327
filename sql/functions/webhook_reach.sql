-- The tenant whose webhooks the caller manages; null for every tenant. Refuses (42501) whoever manages none. May: a
-- member of the tenant, a person or a service account, with one of the roles that the config names, now; and whoever builds, for the
-- tenant that he names or for all.
--
-- Called first by each function for managers. `role` stays what begin_request set also inside definers' functions.
set role enginejs_writer;
create or replace function enginejs.webhook_reach(of_tenant uuid default null) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  acting constant text := current_setting('role');
  own uuid;
begin
  if acting = 'enginejs_user' then
    own := enginejs.tenant_id();
    if own is not null and (of_tenant is null or of_tenant = own)
      and exists (select from enginejs.webhook_settings s where s.managers && enginejs.actor_roles()) then
      return own;
    end if;
  elsif acting not in ('enginejs_anonymous', 'enginejs_system', 'enginejs_action')
    and pg_has_role(case acting when 'none' then session_user else acting::name end, 'enginejs_owner', 'usage') then
    return of_tenant;
  end if;
  raise exception 'webhooks are managed by members with a role for it' using errcode = 'insufficient_privilege';
end
$$;
revoke execute on function enginejs.webhook_reach(uuid) from public;
reset role;
