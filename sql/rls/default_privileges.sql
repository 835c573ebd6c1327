-- New functions are executable by nobody but their owner. Only this global form takes PUBLIC's
-- right away; the form with `in schema` can add rights but take none. It counts per creating role
-- and per database, and each function file revokes once more for itself.
set role enginejs_owner;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_action;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_reader;
alter default privileges revoke execute on functions from public;
reset role;

set role enginejs_writer;
alter default privileges revoke execute on functions from public;
reset role;
