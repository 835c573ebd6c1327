-- Writes one line of the administration log, in the transaction of what it tells of.
--
--   select enginejs.record_administration('impersonation', actor, tenant, '{"command": "token"}');
--
-- For whoever builds. Not a definer's function: whoever may write the log is a member of its owner.
set role enginejs_owner;
create or replace function enginejs.record_administration(kind text, actor uuid, tenant uuid, detail jsonb) returns void
language sql volatile
begin atomic
  insert into enginejs.administration_log (kind, actor, tenant, detail)
  values (record_administration.kind, record_administration.actor, record_administration.tenant, coalesce(record_administration.detail, '{}'));
end;
revoke execute on function enginejs.record_administration(text, uuid, uuid, jsonb) from public;
reset role;
