-- A database as others build it, with the mistakes that are usually made: an API's roles, an auth schema, permissive defaults.
create role anon;
create role authenticated;
create role service_role bypassrls;
create role authenticator login noinherit;
create role dashboard login superuser;
grant anon, authenticated, service_role to authenticator;
grant pg_read_all_data to authenticated;
alter role anon set session_replication_role = replica;

create schema auth;
grant usage on schema auth to anon, authenticated;
create table auth.users (id uuid primary key, email text unique, encrypted_password text, raw_user_meta_data jsonb);
create function auth.uid() returns uuid language sql stable
  as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
create function auth.jwt() returns jsonb language sql stable
  as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;

grant usage, create on schema public to anon, authenticated;
alter default privileges in schema public grant all on tables to anon, authenticated;

create table public.organizations (id uuid primary key, name text);
create table public.profiles (id uuid primary key references auth.users, org_id uuid, full_name text, ssn text);
create table public.projects (id uuid primary key, org_id uuid not null references organizations, owner_id uuid, name text, budget numeric);
create table public.tasks (id uuid primary key, org_id uuid not null, project_id uuid references projects on delete cascade, title text, done boolean);
create table public.audit (at timestamptz, what text);
create table public.settings (id serial primary key, stripe_api_key text);
create index tasks_title on tasks (title);
create index tasks_title_again on tasks (title);
create index projects_budget on projects (budget);

alter table projects enable row level security;
create policy "own projects" on projects using (auth.uid() = owner_id);
create policy "org projects" on projects for select to authenticated using (org_id = ((auth.jwt() -> 'user_metadata') ->> 'org')::uuid);
create policy "anyone updates" on projects for update to authenticated using (true) with check (true);
alter table tasks enable row level security;
create policy "tasks of the org" on tasks for select to authenticated
  using (exists (select from projects p where p.id = tasks.project_id and p.owner_id = auth.uid()));
create policy "never in force" on audit to authenticated using (at > now() - interval '1 day');
alter table organizations enable row level security;

create view public.people as select u.id, u.email, u.encrypted_password, p.full_name from auth.users u left join profiles p using (id);
create view public.project_names as select id, name from projects where name is not null;
create materialized view public.org_budgets as select org_id, sum(budget) as budget from projects group by org_id;

create function public.become(name text, value text) returns text language sql as $$ select set_config(name, value, true) $$;
create function public.search(what text) returns setof projects language plpgsql security definer
  as $$ begin return query execute 'select * from projects where name like ''' || what || ''''; end $$;
create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touch before update on tasks for each row execute function touch();
create function public.delete_project(id uuid) returns void language sql security definer set search_path = public
  as $$ delete from projects where projects.id = $1 $$;
