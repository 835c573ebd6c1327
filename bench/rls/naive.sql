-- As row level security is often first written: functions asked of every row, and no index but the key's.
create table bench.naive (like app.document);
insert into bench.naive select * from app.document;
alter table bench.naive add primary key (id);
alter table bench.naive enable row level security, force row level security;
grant select on bench.naive to enginejs_user;
create function bench.is_member(team uuid) returns boolean language sql stable security definer set search_path = ''
as 'select exists (select from app.team_member m where m.team_id = team and m.user_id = enginejs.actor_id())';
create function bench.is_project_member(project uuid) returns boolean language sql stable security definer set search_path = ''
as 'select exists (select from app.project p join app.team_member m on m.team_id = p.team_id
  where p.id = project and m.user_id = enginejs.actor_id())';
create function bench.is_below_own(folder uuid) returns boolean language sql stable security definer set search_path = ''
as 'with recursive up as (
  select f.id, f.parent_id, f.owner_id from app.folder f where f.id = folder
  union select f.id, f.parent_id, f.owner_id from app.folder f join up on f.id = up.parent_id
) select exists (select from up where up.owner_id = enginejs.actor_id())';
grant execute on all functions in schema bench to enginejs_user;
analyze bench.naive;
