/** The fingerprint changes with everything that a build makes and with nothing else. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: pg.Client;
/** A superuser, who by hand does also what the owner of the tables may not. */
let hand: pg.Client;

const tables = `
  create schema app authorization enginejs_owner;
  create table app.a (id uuid primary key, tenant_id uuid not null, x int default 1, y text, unique (tenant_id, id));
  create table app.b (id uuid primary key, a_id uuid constraint b_a references app.a);
  create index b_a_id on app.b (a_id);
  alter table app.a enable row level security;
  create policy p on app.a for select to enginejs_user using (id = (select enginejs.actor_id()));
  create function app.f() returns trigger language plpgsql as 'begin return new; end';
  create trigger t before update on app.a for each row execute function app.f();
  create view app.v as select id from app.a;
  create sequence app.s;
  create domain app.d as int constraint positive check (value > 0);
  grant select, update (x) on app.a to enginejs_user;
  revoke execute on function app.f() from public`;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  hand = await database.administrator();
  await client.query(tables);
});
afterAll(() => database.drop());

const fingerprint = async (schemas = "{app}", asker = client): Promise<string> =>
  (await asker.query("select enginejs.catalog_fingerprint($1) as fingerprint", [schemas])).rows[0].fingerprint;

async function fingerprintAfter(change: string, by = hand): Promise<string> {
  await by.query("begin");
  try {
    await by.query(change);
    return await fingerprint("{app}", by);
  } finally {
    await by.query("rollback");
  }
}

test.each([
  "drop policy p on app.a",
  "alter policy p on app.a using (true)",
  "alter policy p on app.a to enginejs_user, enginejs_system",
  "alter policy p on app.a rename to q",
  "create policy q on app.a as restrictive to enginejs_user using (true)",
  "alter table app.a disable row level security",
  "alter table app.a force row level security",
  "alter table app.a disable trigger t",
  "alter table app.b disable trigger all",
  "drop trigger t on app.a",
  "create or replace function app.f() returns trigger language plpgsql as 'begin return null; end'",
  "alter function app.f() security definer",
  "alter function app.f() set search_path = ''",
  "alter function app.f() owner to enginejs_action",
  "grant execute on function app.f() to public",
  "grant delete on app.a to enginejs_user",
  "grant update (y) on app.a to enginejs_user",
  "revoke update (x) on app.a from enginejs_user",
  "grant select on app.a to enginejs_user with grant option",
  "grant usage on schema app to enginejs_user",
  "alter schema app owner to enginejs_writer",
  "alter table app.a owner to enginejs_owner",
  "alter table app.b set unlogged",
  "alter table app.a alter column x drop default",
  "create function app.f(int) returns int language sql as 'select 1'",
  "update pg_index set indisvalid = false where indexrelid = 'app.b_a_id'::regclass",
  "alter table app.a add column z int",
  "alter table app.a alter column x set default 2",
  "alter table app.a alter column x type bigint",
  "alter table app.a alter column y set not null",
  'alter table app.a alter column y set data type text collate "C"',
  "alter table app.b drop constraint b_a",
  "alter table app.b alter constraint b_a deferrable",
  "alter table app.a add constraint positive check (x > 0) not valid",
  "drop index app.b_a_id",
  "create index on app.a (y)",
  "create or replace view app.v as select id from app.a where x > 0",
  "alter view app.v set (security_invoker)",
  "alter sequence app.s increment 2",
  "alter domain app.d drop constraint positive",
  "create type app.e as enum ('x')",
  "create table app.c ()",
  "create rule r as on delete to app.b do instead nothing",
  "alter default privileges in schema app grant select on tables to enginejs_user",
])("changes with: %s", async (change) => {
  expect(await fingerprintAfter(change)).not.toBe(await fingerprint());
});

test.each([
  "comment on table app.a is 'a comment'",
  "insert into app.a values (gen_random_uuid(), gen_random_uuid())",
  "analyze app.a",
  "create schema elsewhere; create table elsewhere.t ()",
  "drop policy p on app.a; create policy p on app.a for select to enginejs_user using (id = (select enginejs.actor_id()))",
  "revoke select on app.a from enginejs_user; grant select on app.a to enginejs_user",
  "set local search_path = app, enginejs",
  "set local quote_all_identifiers = on",
  "set local role enginejs_owner",
])("stays the same with: %s", async (change) => {
  expect(await fingerprintAfter(change)).toBe(await fingerprint());
});

test("partitions come and go unnoticed, their parent does not", async () => {
  await client.query("create table app.log (day date not null, x int) partition by range (day)");
  const before = await fingerprint();
  const partition = "create table app.log_1 partition of app.log for values from ('2026-01-01') to ('2026-01-02')";
  expect(await fingerprintAfter(partition, client)).toBe(before);
  expect(await fingerprintAfter("alter table app.log enable row level security")).not.toBe(before);
  await client.query("drop table app.log");
});

test("does not depend on the order of making, nor on the position of columns", async () => {
  const reordered = `
    drop schema app cascade;
    create schema app authorization enginejs_owner;
    create domain app.d as int constraint positive check (value > 0);
    create function app.f() returns trigger language plpgsql as 'begin return new; end';
    revoke execute on function app.f() from public;
    create sequence app.s;
    create table app.b (a_id uuid, id uuid primary key);
    create index b_a_id on app.b (a_id);
    create table app.a (y text, gone int, tenant_id uuid not null, id uuid primary key, unique (tenant_id, id));
    alter table app.a drop column gone;
    alter table app.a add column x int default 1;
    alter table app.b add constraint b_a foreign key (a_id) references app.a;
    grant update (x), select on app.a to enginejs_user;
    create trigger t before update on app.a for each row execute function app.f();
    create policy p on app.a for select to enginejs_user using (id = (select enginejs.actor_id()));
    create view app.v as select id from app.a;
    alter table app.a enable row level security`;
  expect(await fingerprintAfter(reordered, client)).toBe(await fingerprint());
});

test("of no schema and of a missing one is the same text at each call", async () => {
  expect(await fingerprint("{}")).toBe(await fingerprint("{no_such_schema}"));
});
