/** The hand-written core: its files run as they are, everywhere that is promised, and say the same as the migration. */
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateCoreMigration } from "../../scripts/generate-core-migration.ts";
import { coreFiles, coreText } from "../../src/database/core-sql.ts";
import { startEmbeddedServer } from "../../src/database/embedded-server.ts";
import { migrate } from "../../src/database/migrate.ts";
import { requireBuildRights } from "../../src/database/require-server.ts";
import { programsOf, startOtherPostgres } from "../support/other-postgres.ts";
import { hasPsql, psql } from "../support/psql.ts";
import { testServerUrl } from "../support/test-server.ts";

const sql = fileURLToPath(new URL("../../sql/", import.meta.url));
const fingerprint = "select enginejs.catalog_fingerprint('{enginejs,graphile_worker}') as fingerprint";

test("sql/order names every file once", () => {
  const files = readdirSync(sql, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => relative(sql, `${entry.parentPath}/${entry.name}`).replaceAll("\\", "/"))
    .filter((file) => !/^(queries|doctor)\//.test(file));
  expect(coreFiles().toSorted()).toEqual(files.toSorted());
});

test.each(coreFiles())("%s has a header, is lowercase and makes one function at most", (file) => {
  const text = coreText(file);
  expect(text.startsWith("-- ")).toBe(true);
  // Without comments and texts, keywords are the only words that could be uppercase.
  const code = text.replaceAll(/--.*$|'[^']*'|"[^"]*"/gm, "");
  expect(
    code.match(/\b(SELECT|CREATE|GRANT|REVOKE|FUNCTION|TABLE|BEGIN|END|SET|ALTER|RETURN|NULL|NOT|FROM)\b/g),
  ).toBeNull();
  if (file.startsWith("functions/")) {
    const made = new Set([...text.matchAll(/^\s*create (?:or replace )?function ([\w.]+)/gm)].map((match) => match[1]));
    expect([...made]).toEqual([`enginejs.${file.slice("functions/".length, -".sql".length)}`]);
  }
});

const serverOf: Record<string, () => Promise<{ url: string; stop(): Promise<void> }>> = {
  "the test server": async () => ({ url: await testServerUrl(), stop: async () => undefined }),
  // One whose roles nobody has made yet.
  "a new server": async () => {
    const folder = await mkdtemp(join(tmpdir(), "enginejs-core-files-"));
    await chmod(folder, 0o755);
    const embedded = await startEmbeddedServer({ folder, port: 0, settings: { fsync: "off" } });
    const stop = async () => {
      await embedded.stop();
      await rm(folder, { recursive: true, force: true });
    };
    return { url: embedded.urlOf("postgres"), stop };
  },
};
for (const version of [15, 16, 17]) {
  const programs = programsOf(version);
  if (programs) serverOf[`PostgreSQL ${version}`] = () => startOtherPostgres(programs);
}

describe.each(Object.keys(serverOf))("on %s", (name) => {
  let server: { url: string; stop(): Promise<void> };
  let admin: pg.Client;
  const databases: string[] = [];
  const logins: string[] = [];

  beforeAll(async () => {
    server = await (serverOf[name] as () => Promise<typeof server>)();
    admin = await open(server.url);
  });
  afterAll(async () => {
    for (const database of databases) await admin.query(`drop database if exists ${database} with (force)`);
    for (const login of logins) await admin.query(`drop role if exists ${login}`).catch(() => undefined);
    await admin.end();
    await server.stop();
  });

  async function open(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  /** A database, and a login that may create in it and is nothing else. */
  async function makeDatabase(attributes: string): Promise<{ url: string; login: string }> {
    const id = Math.random().toString(36).slice(2, 10);
    const [database, login] = [`core_${id}`, `builder_${id}`];
    databases.push(database);
    logins.push(login);
    await admin.query(`create database ${database}`);
    await admin.query(`create role ${login} login password 'secret' ${attributes}`);
    await admin.query(`grant create on database ${database} to ${login}`);
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    if (!attributes.includes("superuser")) Object.assign(url, { username: login, password: "secret" });
    return { url: url.href, login };
  }

  async function fingerprintOf(url: string): Promise<string> {
    const client = await open(url);
    const { rows } = await client.query(fingerprint);
    await client.end();
    return rows[0].fingerprint;
  }

  test("an owner with CREATEROLE builds it, or is told that others own the roles", async () => {
    // Where other files build at the same time, the roles are somebody else's from the beginning, and not from some moment on.
    if (name === "the test server") await migrate((await makeDatabase("superuser")).url);
    const { url } = await makeDatabase("createrole");
    const client = await open(url);
    const failure = await requireBuildRights(client).catch((error) => error);
    await client.end();
    const { rows } = await admin.query("select current_setting('server_version_num')::int as version");
    // From version 16 on, CREATEROLE has no say over roles that somebody else created.
    if (rows[0].version < 160_000 || name !== "the test server") expect(failure).toBeUndefined();
    if (failure) return expect(failure.code).toBe("EJS4015");
    await migrate(url);
    await migrate(url);
  });

  test("a role without rights is told all that it lacks", async () => {
    const { url, login } = await makeDatabase("");
    await admin.query(`revoke create on database ${new URL(url).pathname.slice(1)} from ${login}`);
    const client = await open(url);
    const failure = await requireBuildRights(client).catch((error) => error);
    await client.end();
    expect(failure.code).toBe("EJS4015");
    expect(failure.message).toContain(`Role "${login}" lacks: CREATE on database`);
    expect(failure.message).toContain("lacks: membership in enginejs_owner");
    const hints = failure.diagnostics.map((diagnostic: { hint: string }) => diagnostic.hint).join("\n");
    expect(hints).toContain(`grant enginejs_owner to ${login};`);
  });

  test("what the hints say is enough", async () => {
    const { url } = await makeDatabase("");
    const client = await open(url);
    const failure = await requireBuildRights(client).catch((error) => error);
    for (const { hint } of failure.diagnostics) await admin.query(hint.replace("An administrator runs: ", ""));
    await requireBuildRights(client);
    await client.end();
    await migrate(url);
    await migrate(url);
  });

  test("a superuser builds it; a second run changes nothing", async () => {
    const { url } = await makeDatabase("superuser");
    await migrate(url);
    const first = await fingerprintOf(url);
    await migrate(url);
    expect(await fingerprintOf(url)).toBe(first);
  });

  test.skipIf(!hasPsql)("psql runs each file unchanged, twice, and makes what the migration makes", async () => {
    const migrated = await makeDatabase("superuser");
    await migrate(migrated.url);
    const { url } = await makeDatabase("superuser");
    for (const round of [1, 2]) {
      const files = coreFiles().flatMap((file) => ["-f", `${sql}${file}`]);
      expect(psql(url, "-q", "-v", "ON_ERROR_STOP=1", ...files), `round ${round}`).toMatchObject({
        status: 0,
        stderr: "",
      });
    }
    const clients = await Promise.all([url, migrated.url].map(open));
    const found = [];
    for (const client of clients) {
      found.push((await client.query("select enginejs.catalog_fingerprint('{enginejs}') as fingerprint")).rows[0]);
      await client.end();
    }
    expect(found[0]).toEqual(found[1]);
  });

  test("ids of version 7 are ordered by the millisecond, and valid", async () => {
    const { url } = await makeDatabase("superuser");
    await migrate(url);
    const client = await open(url);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await client.query("select enginejs.uuid_v7() as id, pg_sleep(0.005)")).rows[0].id);
    }
    await client.end();
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Math.abs(Number.parseInt(id.replace("-", "").slice(0, 12), 16) - Date.now())).toBeLessThan(600_000);
    }
  });
});

for (const version of [15, 16, 17])
  test.skipIf(!programsOf(version))(`PostgreSQL ${version} is installed here`, () => undefined);
test.skipIf(!hasPsql)("psql is installed here", () => undefined);

test("the committed migration is what sql/ makes", () => {
  const migration = readFileSync(new URL("../../migrations/committed/000001-enginejs.sql", import.meta.url), "utf8");
  expect(migration).toBe(generateCoreMigration());
});
