-- The schema of the core. Its tables stand in files of their own beside this one.
-- `create schema if not exists` asks for CREATE on the database even where the schema exists.
do $$
begin
  if to_regnamespace('enginejs') is null then
    create schema enginejs authorization enginejs_owner;
  end if;
end
$$;
