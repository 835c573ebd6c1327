-- Row trigger 20_touch: an update says when it was, whatever it says itself.
set role enginejs_reader;
create or replace function enginejs.touch() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
revoke execute on function enginejs.touch() from public;
grant execute on function enginejs.touch() to enginejs_owner;
reset role;
