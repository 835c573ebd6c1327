-- graphile-migrate makes its schema as whoever runs it first. Given to enginejs_owner, the next
-- deployment may come from another member. Does nothing where the schema is not there.
do $$
begin
  if to_regnamespace('graphile_migrate') is null then
    return;
  end if;
  alter schema graphile_migrate owner to enginejs_owner;
  alter table graphile_migrate.migrations owner to enginejs_owner;
  alter table graphile_migrate.current owner to enginejs_owner;
end
$$;
