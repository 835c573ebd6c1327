-- One md5 over what the catalogue says of some schemas. A build stores it, so that the next one sees with one
-- look whether somebody changed something by hand, a dropped policy above all, where the hash of the model
-- would still be the same.
set role enginejs_reader;
create or replace function enginejs.catalog_fingerprint(schemas text[]) returns text
language sql stable set search_path = '' set jit = off
begin atomic
  select md5(coalesce(string_agg(md5(concat_ws(E'\x1f', f.kind, f.name, f.detail)), ''
    order by f.kind collate "C", f.name collate "C", f.detail collate "C"), ''))
  from enginejs.catalog_facts(schemas) f;
end;
revoke execute on function enginejs.catalog_fingerprint(text[]) from public;
grant execute on function enginejs.catalog_fingerprint(text[]) to enginejs_owner;
reset role;
