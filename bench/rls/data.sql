-- A million documents of a thousand tenants: ten people and five teams each, ten projects, fifty folders five deep.
-- Ids tell what they name, so that a script can make them from numbers: 1… tenants, 2… users, 3… teams, 4… projects,
-- 5… folders, 6… documents; the last twelve digits are the number.
create schema bench;
create function bench.id(kind int, n bigint) returns uuid language sql immutable parallel safe
return (kind || '0000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid;
grant usage on schema bench to public;
grant execute on function bench.id(int, bigint) to public;

insert into app.tenant (id, name) select bench.id(1, t), 'tenant ' || t from generate_series(1, :tenants) t;
insert into app."user" (id, name) select bench.id(2, u), 'user ' || u from generate_series(1, :tenants * 10) u;
insert into app.membership (tenant_id, user_id, roles)
select bench.id(1, 1 + (u - 1) / 10), bench.id(2, u), '{member}' from generate_series(1, :tenants * 10) u;
insert into app.team (tenant_id, id, name)
select bench.id(1, 1 + (n - 1) / 5), bench.id(3, n), 'team ' || n from generate_series(1, :tenants * 5) n;
-- Everybody is in one team; every other person in a second one.
insert into app.team_member (tenant_id, team_id, user_id)
select bench.id(1, t), bench.id(3, (t - 1) * 5 + 1 + (u + extra) % 5), bench.id(2, (t - 1) * 10 + 1 + u)
from generate_series(1, :tenants) t, generate_series(0, 9) u, generate_series(0, 1) extra
where extra = 0 or u % 2 = 0;
insert into app.project (tenant_id, id, name, team_id)
select bench.id(1, 1 + (n - 1) / 10), bench.id(4, n), 'project ' || n, bench.id(3, ((n - 1) / 10) * 5 + 1 + n % 5)
from generate_series(1, :tenants * 10) n;
-- Folder k of a tenant (0 to 49) lies in folder (k - 1) / 3; the first lies in none. Three levels down are twenty-seven.
insert into app.folder (tenant_id, id, name, parent_id, owner_id)
select bench.id(1, t), bench.id(5, (t - 1) * 50 + 1 + k), 'folder ' || k,
  case when k > 0 then bench.id(5, (t - 1) * 50 + 1 + (k - 1) / 3) end,
  bench.id(2, (t - 1) * 10 + 1 + (k * 7) % 10)
from generate_series(1, :tenants) t, generate_series(0, 49) k;
insert into app.document (tenant_id, id, title, owner_id, team_id, project_id, folder_id)
select bench.id(1, 1 + n % :tenants), bench.id(6, n), 'document ' || n,
  bench.id(2, (n % :tenants) * 10 + 1 + (n / :tenants) % 10),
  bench.id(3, (n % :tenants) * 5 + 1 + (n / :tenants / 10) % 5),
  bench.id(4, (n % :tenants) * 10 + 1 + (n / :tenants / 7) % 10),
  bench.id(5, (n % :tenants) * 50 + 1 + (n / :tenants) % 50)
from generate_series(0, :documents - 1) n;

-- The same rows, seen without row level security: a view passes by its owner's rights, and the planner sees through it.
create view bench.document as select * from app.document;
create view bench.team_member as select * from app.team_member;
create view bench.project as select * from app.project;
create view bench.folder as select * from app.folder;
grant select on all tables in schema bench to enginejs_user;
