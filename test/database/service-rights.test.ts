/** What the server and the worker ask of their login before they start. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../src/database/connection.ts";
import { migrate } from "../../src/database/migrate.ts";
import { admitOwner, missingServiceRights, requireServiceRights } from "../../src/database/require-service-rights.ts";
import { createServerParts } from "../../src/server/index.ts";
import { startWorker } from "../../src/tasks/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let login: string;
let builder: string;
const urlOf = (name: string) => {
  const url = new URL(database.url);
  url.username = name;
  url.password = "of no use elsewhere";
  return url.href;
};

beforeAll(async () => {
  database = await createTestDatabase({ template: { name: "core", build: migrate } });
  login = `${database.name}_login`;
  builder = `${database.name}_builder`;
  const client = await database.administrator();
  await client.query(`create role ${login} login noinherit password 'of no use elsewhere'`);
  await client.query(`create role ${builder} login createrole password 'of no use elsewhere'`);
  // As each build needs: whoever builds becomes the owner of tables and the owner of membership functions.
  await client.query(`grant enginejs_owner, enginejs_reader to ${builder}`);
});
afterAll(async () => {
  const client = await database.administrator();
  await client.query(`drop owned by ${login}, ${builder}`);
  await client.query(`drop role ${login}, ${builder}`);
  await database.drop();
});

test("a login that nobody has admitted is told the SQL that admits it, before anything is done", async () => {
  const hint = expect.stringContaining(`select enginejs.admit_login('${login}', 'worker');`);
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  await expect(startWorker({ url: urlOf(login), tasks: new Map(), log })).rejects.toMatchObject({
    diagnostics: expect.arrayContaining([expect.objectContaining({ code: "EJS4015", hint })]),
  });
  await expect(createServerParts({ database: urlOf(login) })).rejects.toThrow(/EJS4015.*membership in enginejs_user/);
});

test("an admitted server lacks nothing for serving; a worker must inherit as well", async () => {
  const client = await database.administrator();
  await client.query("select enginejs.admit_login($1, 'server')", [login]);
  const own = await connect(urlOf(login));
  try {
    expect(await missingServiceRights(own, "server")).toEqual([]);
    expect((await missingServiceRights(own, "worker")).map(({ right }) => right)).toEqual([
      "membership in enginejs_system",
      "membership in enginejs_writer",
    ]);
    await client.query(`grant enginejs_system, enginejs_writer to ${login}`);
    const [inheritance, ...others] = await missingServiceRights(own, "worker");
    expect(others).toEqual([]);
    expect(inheritance?.right).toBe("inheritance of enginejs_writer");
    await client.query(inheritance?.remedy ?? "");
    await requireServiceRights(own, "worker");
  } finally {
    await own.end();
  }
});

test("whoever builds is given what a service needs; nobody else is", async () => {
  const stranger = await connect(urlOf(login));
  const client = await database.administrator();
  await client.query(`revoke enginejs_user from ${login}`);
  await admitOwner(stranger, "server");
  expect(await missingServiceRights(stranger, "server")).not.toEqual([]);
  await stranger.end();
  const { rows } = await client.query("select current_setting('server_version_num')::int >= 160000 as modern");
  if (rows[0]?.modern) {
    // From version 16 on, CREATEROLE grants only what it has ADMIN of, as the role that made them has.
    await client.query(
      `grant enginejs_anonymous, enginejs_user, enginejs_system, enginejs_writer to ${builder} with admin true, inherit false, set false`,
    );
  }
  const owner = await connect(urlOf(builder));
  expect((await missingServiceRights(owner, "worker")).length).toBeGreaterThan(0);
  await admitOwner(owner, "worker");
  await owner.end();
  const again = await connect(urlOf(builder));
  const missing = await missingServiceRights(again, "worker");
  await again.end();
  expect(missing).toEqual([]);
});

test("where nothing was ever built there is nothing to ask for", async () => {
  const empty = await createTestDatabase();
  expect(await missingServiceRights(await empty.client(), "worker")).toEqual([]);
  await empty.drop();
});
