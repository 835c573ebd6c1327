-- Administrators read and append; nobody changes. The trigger refuses what the owner could grant himself again.
set role enginejs_owner;
alter table enginejs.administration_log enable row level security;
alter table enginejs.administration_log force row level security;
drop policy if exists owner_all on enginejs.administration_log;
create policy owner_all on enginejs.administration_log to enginejs_owner using (true) with check (true);
revoke all on enginejs.administration_log from public;
revoke update, delete, truncate on enginejs.administration_log from enginejs_owner;
reset role;
