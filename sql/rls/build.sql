-- Builds are the owner's business. enginejs_reader hands the newest one to the server and the worker.
set role enginejs_owner;
alter table enginejs.build enable row level security;
alter table enginejs.build force row level security;
drop policy if exists owner_all on enginejs.build;
create policy owner_all on enginejs.build to enginejs_owner using (true) with check (true);
drop policy if exists reader_read on enginejs.build;
create policy reader_read on enginejs.build for select to enginejs_reader using (true);
revoke all on enginejs.build from public;
grant select on enginejs.build to enginejs_reader;
reset role;
