-- Takes the core out of a database again. The cluster's roles stay: other databases may use them.
-- graphile_migrate belongs to whoever ran the first migration where that one failed.
set local lock_timeout = '5s';
drop schema if exists graphile_worker, enginejs, graphile_migrate cascade;
do $$
declare
  name text;
begin
  for name in
    select pg_get_userbyid(d.defaclrole) from pg_catalog.pg_default_acl d
    where d.defaclnamespace = 0 and d.defaclobjtype = 'f'
      and pg_get_userbyid(d.defaclrole) in ('enginejs_owner', 'enginejs_action', 'enginejs_reader', 'enginejs_writer')
  loop
    -- Not `for role`: that would ask for more than being able to become it.
    execute format('set local role %I', name);
    alter default privileges grant execute on functions to public;
    reset role;
  end loop;
end
$$;
