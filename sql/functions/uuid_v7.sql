-- Time-ordered ids. PostgreSQL 18 has its own, ordered also within a millisecond; before, this
-- builds one from a random uuid (version 4) whose first 48 bits become the milliseconds since 1970
-- and whose version bits become 7. Never order rows by it.
set role enginejs_reader;
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create or replace function enginejs.uuid_v7() returns uuid
    language sql volatile parallel safe
    return pg_catalog.uuidv7();
  else
    create or replace function enginejs.uuid_v7() returns uuid
    language sql volatile parallel safe
    return encode(
      set_bit(
        set_bit(
          overlay(
            uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6
          ),
          52, 1
        ),
        53, 1
      ),
      'hex'
    )::uuid;
  end if;
end
$$;
revoke execute on function enginejs.uuid_v7() from public;
grant execute on function enginejs.uuid_v7()
  to enginejs_owner, enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer;
reset role;
