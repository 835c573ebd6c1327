-- What `enginejs policy test` asks by: many statements of the acting role in one call, each undone again. Made in a scratch
-- database inside a transaction that is rolled back; nothing of it is ever in a database that is used.
--
-- An invoker's function: each statement runs as whoever has begun the request. The answer is "n" for a statement's rows,
-- "n: key, key" for a query of keys, else the SQLSTATE.
create schema enginejs_stage;
create function enginejs_stage.ask(statements text[], keyed boolean[]) returns text[]
language plpgsql volatile
as $$
declare
  answers text[] := '{}';
  answer text;
  count bigint;
  keys text;
begin
  for i in 1 .. cardinality(statements) loop
    begin
      if keyed[i] then
        execute format('select count(*), string_agg(key, '', '' order by key collate "C") from (%s) as asked', statements[i])
          into count, keys;
        answer := concat_ws(': ', count, keys);
      else
        execute statements[i];
        get diagnostics count = row_count;
        answer := count;
      end if;
      -- Undoes the statement.
      raise exception using errcode = 'EJ000';
    exception when others then
      if sqlstate <> 'EJ000' then
        answer := sqlstate;
      end if;
    end;
    answers := answers || answer;
  end loop;
  return answers;
end
$$;
grant usage on schema enginejs_stage to enginejs_anonymous, enginejs_user, enginejs_system;
grant execute on function enginejs_stage.ask(text[], boolean[]) to enginejs_anonymous, enginejs_user, enginejs_system;

-- The rows of a world are those of earlier transactions, though this one has loaded them; and no statement comes back to a row
-- that it has made itself.
set role enginejs_reader;
create or replace function enginejs.is_own_write(writer xid) returns boolean
language sql immutable set search_path = ''
return false;
reset role;
