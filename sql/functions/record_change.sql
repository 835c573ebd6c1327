-- Row trigger: a change of what administrators keep is a line of the administration log, whoever makes it, by a command or by hand.
-- The argument names the kind: grant.create, grant.revoke, key.change …
-- A definer's function, because whoever may change the row need not be able to write the log.
set role enginejs_owner;
create or replace function enginejs.record_change() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- The hash of a key is nobody's business; a row's id is the actor's where the row is an account.
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - 'hash' end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - 'hash' end;
  subject constant jsonb := coalesce(after, before);
  verb text;
begin
  if before is not distinct from after then
    return null;
  end if;
  verb := case
    when tg_op = 'INSERT' then 'create'
    when tg_op = 'DELETE' then 'delete'
    when before ->> 'revoked_at' is null and after ->> 'revoked_at' is not null then 'revoke'
    when before ->> 'disabled_at' is null and after ->> 'disabled_at' is not null then 'disable'
    else 'change'
  end;
  perform enginejs.record_administration(
    tg_argv[0] || '.' || verb,
    coalesce(subject ->> 'actor', subject ->> 'service_account', case tg_argv[0] when 'service_account' then subject ->> 'id' end)::uuid,
    (subject ->> 'tenant')::uuid,
    case when before is null or after is null then subject else jsonb_build_object('before', before, 'after', after) end);
  return null;
end
$$;
revoke execute on function enginejs.record_change() from public;

create or replace trigger record_change after insert or update or delete on enginejs.feature_flags
  for each row execute function enginejs.record_change('flag');
create or replace trigger record_change after insert or update or delete on enginejs.service_accounts
  for each row execute function enginejs.record_change('service_account');
create or replace trigger record_change after insert or update or delete on enginejs.role_grants
  for each row execute function enginejs.record_change('grant');
-- That a key was used is nothing that an administrator did.
create or replace trigger record_change
  after insert or delete or update of name, prefix, hash, service_account, actor, tenant, expires_at, revoked_at on enginejs.api_keys
  for each row execute function enginejs.record_change('key');
reset role;
