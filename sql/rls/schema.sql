-- Who may look into the core's schema, and who may own functions in it.
set role enginejs_owner;
revoke all on schema enginejs from public;
grant usage on schema enginejs to enginejs_anonymous, enginejs_user, enginejs_system;
grant usage, create on schema enginejs to enginejs_action, enginejs_reader, enginejs_writer;
reset role;
