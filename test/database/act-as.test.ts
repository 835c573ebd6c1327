import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { actAs } from "../../src/database/act-as.ts";
import { ensureLogins, loginName } from "../../src/database/logins.ts";
import { createPool } from "../../src/database/pool.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const one = "11111111-1111-4111-8111-111111111111";
const two = "22222222-2222-4222-8222-222222222222";

let database: TestDatabase;
let admin: pg.Client;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  admin = await database.client();
  await admin.query(`
    create schema app; grant usage on schema app to enginejs_user;
    create table app.note (id int primary key, owner_id uuid default enginejs.actor_id());
    alter table app.note enable row level security;
    create policy own on app.note to enginejs_user using (owner_id = (select enginejs.actor_id()));
    grant select, insert on app.note to enginejs_user;
    create table app.child (id int references app.note deferrable initially deferred);
    grant select, insert on app.child to enginejs_user`);
  const { serverUrl } = await ensureLogins(database.administratorUrl);
  // One connection, so that each call gets the one that the call before has left.
  pool = createPool(serverUrl, { max: 1 });
});
afterAll(async () => {
  await pool.end();
  const administrator = await database.administrator();
  for (const kind of ["server", "worker"] as const) {
    const login = administrator.escapeIdentifier(loginName(database.name, kind));
    await administrator.query(`drop owned by ${login}; drop role ${login}`);
  }
  await database.drop();
});

const notes = (id: string) =>
  actAs(pool, { role: "user", id }, async (client) => (await client.query("select id from app.note order by id")).rows);
const insert = (id: string, note: number) =>
  actAs(pool, { role: "user", id }, (client) => client.query("insert into app.note (id) values ($1)", [note]));

/** What the next user of the connection would find. */
async function leftovers(): Promise<unknown> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query(
      `select current_user = session_user as self, current_setting('enginejs.actor_id', true) as actor,
        current_setting('statement_timeout') as timeout, (select setting = reset_val from pg_settings where name = 'work_mem') as work_mem`,
    );
    return rows[0];
  } finally {
    client.release();
  }
}
const clean = { self: true, timeout: "0", work_mem: true };

test("two actors in turn on one connection see their own rows only", async () => {
  await insert(one, 1);
  await insert(two, 2);
  expect(await notes(one)).toEqual([{ id: 1 }]);
  expect(await notes(two)).toEqual([{ id: 2 }]);
  expect(await actAs(pool, { role: "user" }, async (client) => (await client.query("table app.note")).rows)).toEqual(
    [],
  );
  expect(await leftovers()).toMatchObject({ ...clean, actor: "" });
});

test("an error rolls back, passes as it is and leaves the connection clean", async () => {
  const failure = new Error("mine");
  const call = actAs(pool, { role: "user", id: one, statementTimeout: 5_000 }, async (client) => {
    await client.query("insert into app.note (id) values (100)");
    throw failure;
  });
  await expect(call).rejects.toBe(failure);
  expect(await notes(one)).toEqual([{ id: 1 }]);
  expect(await leftovers()).toMatchObject(clean);
});

test("what a statement set for the session does not reach the next one", async () => {
  await actAs(pool, { role: "user", id: one }, async (client) => {
    await client.query("set enginejs.actor_id = 'forged'");
    await client.query("set role enginejs_user");
    await client.query("set statement_timeout = '1 min'");
    await client.query("set work_mem = '64kB'");
  });
  expect(await leftovers()).toMatchObject(clean);
  expect(await notes(two)).toEqual([{ id: 2 }]);
});

test("a failed statement that the callback hid fails the commit", async () => {
  const call = actAs(pool, { role: "user", id: one }, async (client) => {
    await client.query("select 1 / 0").catch(() => undefined);
  });
  await expect(call).rejects.toMatchObject({ code: "EJS4018" });
  expect(await notes(one)).toEqual([{ id: 1 }]);
});

test("a constraint that fails at the commit is reported", async () => {
  const call = actAs(pool, { role: "user", id: one }, (client) => client.query("insert into app.child values (999)"));
  await expect(call).rejects.toMatchObject({ code: "23503" });
  expect(await leftovers()).toMatchObject(clean);
});

test("a role that the login may not have fails before the callback runs", async () => {
  let ran = false;
  const call = actAs(pool, { role: "system" }, async () => {
    ran = true;
  });
  await expect(call).rejects.toMatchObject({ code: "42501" });
  expect(ran).toBe(false);
  expect(await notes(one)).toEqual([{ id: 1 }]);
});

test("the time limit ends a statement, and only in that call", async () => {
  const slow = actAs(pool, { role: "user", id: one, statementTimeout: 50 }, (client) =>
    client.query("select pg_sleep(30)"),
  );
  await expect(slow).rejects.toMatchObject({ code: "57014" });
  expect(await leftovers()).toMatchObject(clean);
});

test("a connection that is killed meanwhile is thrown away, and the next call gets a new one", async () => {
  // Another login's connection is a superuser's to end.
  const administrator = await database.administrator();
  let killed = false;
  const call = actAs(pool, { role: "user", id: one }, async (client) => {
    const { rows } = await client.query("select pg_backend_pid() as pid");
    killed = (await administrator.query("select pg_terminate_backend($1, 60000) as killed", [rows[0].pid])).rows[0]
      .killed;
    await client.query("select 1");
  });
  await expect(call).rejects.toThrow();
  expect(killed).toBe(true);
  expect(await notes(one)).toEqual([{ id: 1 }]);
});

test("claims arrive as they were, whatever they hold", async () => {
  const claims = { text: `quotes ' " $$ \\ and ünïcode`, list: [1, null], nested: { x: true } };
  const found = await actAs(pool, { role: "user", id: one, claims, requestId: "r'1" }, async (client) => {
    const { rows } = await client.query("select enginejs.claims() as claims, enginejs.request_id() as request");
    return rows[0];
  });
  expect(found).toEqual({ claims, request: "r'1" });
});
