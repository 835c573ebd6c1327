-- Row trigger: what is done to endpoints is a line of the administration log, whoever does it: a manager, whoever builds, a worker that
-- switches one off, or somebody by hand. Secrets are in no line; that one was changed is.
set role enginejs_writer;
create or replace function enginejs.webhook_endpoint_changed() returns trigger
language plpgsql volatile set search_path = ''
as $$
declare
  hidden constant text[] := '{secret,secret_previous,previous_until,failing_since,created_at,updated_at,deleted_at,tenant_id}';
  before constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - hidden end;
  after constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - hidden end;
begin
  if tg_op = 'INSERT' then
    perform enginejs.webhook_note('create', new.tenant_id, after);
  elsif tg_op = 'UPDATE' and new.deleted_at is not null then
    if old.deleted_at is null then
      perform enginejs.webhook_note('delete', old.tenant_id, before);
    end if;
  elsif tg_op = 'DELETE' and old.deleted_at is not null then
    return null;
  elsif tg_op = 'DELETE' then
    perform enginejs.webhook_note('delete', old.tenant_id, before);
  else
    if new.secret <> old.secret then
      perform enginejs.webhook_note('rotate', new.tenant_id,
        jsonb_build_object('id', new.id, 'url', new.url, 'previousUntil', new.previous_until));
    end if;
    if after is distinct from before then
      perform enginejs.webhook_note(
        case when old.enabled and not new.enabled then 'disable' when new.enabled and not old.enabled then 'enable' else 'change' end,
        new.tenant_id, jsonb_build_object('before', before, 'after', after));
    end if;
  end if;
  return null;
end
$$;
revoke execute on function enginejs.webhook_endpoint_changed() from public;

create or replace trigger webhook_endpoint_changed
  after insert or delete or update of url, events, description, enabled, disabled_reason, secret on enginejs.webhook_endpoints
  for each row execute function enginejs.webhook_endpoint_changed();
reset role;
