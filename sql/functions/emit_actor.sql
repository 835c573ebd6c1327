-- Who acts, as events carry it: {"kind", "id", "tenant"}; null for a writer that is no actor.
-- The kind is user, service (a service account), key (a person by an API key), system or anonymous.
-- `role` stays what begin_request set also inside definers' functions. Inlined by the planner.
set role enginejs_writer;
create or replace function enginejs.emit_actor() returns jsonb
language sql stable parallel safe
return case
  when current_setting('role') = 'enginejs_system'
    then jsonb_build_object('kind', 'system', 'id', enginejs.actor_id(), 'tenant', enginejs.tenant_id())
  when nullif(current_setting('enginejs.actor_id', true), '') is not null
    then jsonb_build_object('kind', coalesce(nullif(current_setting('enginejs.actor_kind', true), ''), 'user'), 'id', enginejs.actor_id(), 'tenant', enginejs.tenant_id())
  when current_setting('role') = 'enginejs_anonymous'
    then '{"kind": "anonymous", "id": null, "tenant": null}'::jsonb
end;
revoke execute on function enginejs.emit_actor() from public;
reset role;
