import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connect } from "../../src/database/connection.ts";
import { coreMigrationsFolder } from "../../src/database/core-sql.ts";
import { migrate } from "../../src/database/migrate.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function makeDatabase(template?: typeof coreTemplate): Promise<TestDatabase> {
  const database = await createTestDatabase(template && { template });
  cleanups.push(() => database.drop());
  return database;
}

/** A project's history: the core's migrations, then `body` as the next one. */
async function makeHistory(body: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "enginejs-migrations-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  await cp(coreMigrationsFolder, folder, { recursive: true });
  const core = await readFile(join(folder, "committed/000001-enginejs.sql"), "utf8");
  const previous = /^--! Hash: (\S+)$/m.exec(core)?.[1];
  const hash = `sha1:${createHash("sha1").update(`${previous}\n${body.trim()}\n`).digest("hex")}`;
  const file = join(folder, "committed/000002-app.sql");
  await writeFile(file, `--! Previous: ${previous}\n--! Hash: ${hash}\n--! Message: app\n\n${body.trim()}\n`);
  return folder;
}

test("runs the core, then an app's own migrations, once each", async () => {
  const database = await makeDatabase();
  const folder = await makeHistory("create table public.counted (x int); insert into public.counted values (1);");
  await migrate(database.url, { folder });
  await migrate(database.url, { folder });
  const client = await database.client();
  expect((await client.query("select x from counted")).rows).toEqual([{ x: 1 }]);
  const { rows } = await client.query("select filename from graphile_migrate.migrations order by 1");
  expect(rows.map((row) => row.filename)).toEqual(["000001.sql", "000002.sql"]);
});

test("an app's migrations follow a core that is there already", async () => {
  const database = await makeDatabase(coreTemplate);
  const folder = await makeHistory("create table public.later ();");
  await migrate(database.url, { folder });
  expect((await (await database.client()).query("select from later")).rows).toEqual([]);
});

test("several processes at once wait for each other", async () => {
  const database = await makeDatabase();
  await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
  const { rows } = await (await database.client()).query("select count(*)::int as n from graphile_migrate.migrations");
  expect(rows).toEqual([{ n: 1 }]);
});

test("a lock that is never free is reported", async () => {
  const database = await makeDatabase(coreTemplate);
  const client = await database.client();
  await client.query("select pg_advisory_lock(4727445306447283)");
  await expect(migrate(database.url, { lockTimeout: 100 })).rejects.toMatchObject({ code: "EJS4021" });
});

test("a migration that fails leaves nothing of itself and says what failed", async () => {
  const database = await makeDatabase(coreTemplate);
  const folder = await makeHistory("create table public.half (); select 1 / 0;");
  const failure = await migrate(database.url, { folder }).catch((error) => error);
  expect(failure.message).toBe("EJS4020: division by zero");
  const { rows } = await (await database.client()).query("select to_regclass('public.half') as half");
  expect(rows).toEqual([{ half: null }]);
});

test("a migration that was edited after it ran is reported, not called up to date", async () => {
  const database = await makeDatabase(coreTemplate);
  await migrate(database.url, { folder: await makeHistory("create table public.one ();") });
  const folder = await makeHistory("create table public.two ();");
  await expect(migrate(database.url, { folder })).rejects.toThrow(/EJS4022: .*000002-app\.sql/);
});

test("a role that lacks rights is told which", async () => {
  const database = await makeDatabase();
  const admin = await database.administrator();
  const login = `migrate_${database.name}`;
  await admin.query(`create role ${login} login password 'secret'`);
  const url = Object.assign(new URL(database.url), { username: login, password: "secret" }).href;
  const failure = await migrate(url).catch((error) => error);
  await admin.query(`drop role ${login}`);
  expect(failure.code).toBe("EJS4015");
  expect(failure.message).toContain(`lacks: CREATE on database "${database.name}"`);
});

test("writes nothing to the terminal, and leaves no connection", async () => {
  const database = await makeDatabase();
  const lines: string[] = [];
  const written: unknown[] = [];
  const log = console.log;
  const warn = console.warn;
  console.log = console.warn = (...args: unknown[]) => written.push(args);
  try {
    await migrate(database.url, { log: (line) => lines.push(line) });
  } finally {
    Object.assign(console, { log, warn });
  }
  expect(written).toEqual([]);
  expect(lines.join("\n")).toContain("000001-enginejs.sql");
  expect(lines.join("\n")).not.toContain(new URL(database.url).password || "no password");
  const client = await connect(database.url);
  await client.end();
});
