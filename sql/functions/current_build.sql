-- The model that this database holds, for the server and the worker: they start without model files.
-- A definer's function, because their logins can read no table.
set role enginejs_reader;
create or replace function enginejs.current_build()
returns table (id bigint, ir jsonb, ir_hash text, fingerprint text, engine_version text, built_at timestamptz)
language sql stable parallel safe security definer set search_path = ''
begin atomic
  select b.id, b.ir, b.ir_hash, b.fingerprint, b.engine_version, b.built_at
  from enginejs.build b
  order by b.id desc
  limit 1;
end;
revoke execute on function enginejs.current_build() from public;
grant execute on function enginejs.current_build() to enginejs_owner;
reset role;
