-- Flags, service accounts, keys and grants are administrators' business; enginejs_reader asks them for requests. Actors get nothing.
do $$
declare
  name text;
begin
  set local role enginejs_owner;
  foreach name in array array['feature_flags', 'service_accounts', 'api_keys', 'role_grants'] loop
    execute format('alter table enginejs.%I enable row level security', name);
    execute format('alter table enginejs.%I force row level security', name);
    execute format('drop policy if exists owner_all on enginejs.%I', name);
    execute format('create policy owner_all on enginejs.%I to enginejs_owner using (true) with check (true)', name);
    execute format('drop policy if exists reader_read on enginejs.%I', name);
    execute format('create policy reader_read on enginejs.%I for select to enginejs_reader using (true)', name);
    execute format('revoke all on enginejs.%I from public', name);
    execute format('grant select on enginejs.%I to enginejs_reader', name);
  end loop;
  -- When a key was used is the one thing that a request writes.
  drop policy if exists reader_touch on enginejs.api_keys;
  create policy reader_touch on enginejs.api_keys for update to enginejs_reader using (true) with check (true);
  grant update (last_used_at) on enginejs.api_keys to enginejs_reader;
  reset role;
end
$$;
