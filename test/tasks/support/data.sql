-- Two companies, two people in the first, and a customer; and a table in which test tasks count what they did outside.
insert into app.tenant (id, name) values
  ('00000000-0000-7000-8000-000000000001', 'First'), ('00000000-0000-7000-8000-000000000002', 'Second');
insert into app."user" (id, name, email) values
  ('00000000-0000-7000-8000-000000000011', 'Biller', 'biller@example.com'),
  ('00000000-0000-7000-8000-000000000012', 'Member', 'member@example.com');
insert into app.membership (tenant_id, user_id, roles) values
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', '{billing}'),
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000012', '{member}');
insert into app.customer (tenant_id, id, name, email) values
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000021', 'Customer', 'customer@example.com');

create schema test;
create table test.effects (id bigint generated always as identity primary key, kind text not null, key text, at timestamptz not null default clock_timestamp());
