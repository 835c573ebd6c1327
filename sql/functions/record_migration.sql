-- Row trigger of graphile-migrate's table: each migration that ran is a line of the administration log, in its own transaction.
set role enginejs_owner;
create or replace function enginejs.record_migration() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform enginejs.record_administration('migration', null, null, jsonb_build_object('file', new.filename, 'hash', new.hash));
  return null;
end
$$;
revoke execute on function enginejs.record_migration() from public;
reset role;

-- Does nothing where the core was run by hand: there is no such table.
do $$
begin
  if to_regclass('graphile_migrate.migrations') is null then
    return;
  end if;
  set local role enginejs_owner;
  create or replace trigger enginejs_record_migration after insert on graphile_migrate.migrations
    for each row execute function enginejs.record_migration();
  reset role;
end
$$;
