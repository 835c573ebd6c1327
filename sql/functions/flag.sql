-- Whether a flag is on: as the actor's tenant has it, else as everybody has it, else `otherwise`, the model's default.
-- A definer's function, for actors may not read the table; in policies it stands as `(select enginejs.flag(…))`, once per statement.
set role enginejs_reader;
create or replace function enginejs.flag(name text, otherwise boolean) returns boolean
language sql stable parallel safe security definer set search_path = ''
begin atomic
  select coalesce((
    select f.value
    from enginejs.feature_flags f
    where f.name = flag.name and (f.tenant = enginejs.tenant_id() or f.tenant is null)
    order by f.tenant nulls last
    limit 1
  ), otherwise);
end;
revoke execute on function enginejs.flag(text, boolean) from public;
grant execute on function enginejs.flag(text, boolean)
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
