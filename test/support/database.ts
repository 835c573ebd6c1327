/** Databases for tests: a new one per call, dropped by the test file that made it. */
import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import { builder, builderUrl } from "./builder.ts";
import { testServerUrl } from "./test-server.ts";

export interface TestDatabase {
  /** The URL of whoever builds: a superuser (with TEST_DATABASE_URL: that role), or a plain login that owns what it builds. */
  readonly url: string;
  /** A superuser's, whoever builds: for what a plain login cannot do, like making logins. */
  readonly administratorUrl: string;
  readonly name: string;
  /** An open connection, as the URL's role; ended by `drop()`. */
  client(): Promise<pg.Client>;
  /** The same as a superuser, for a test that says why it needs one. */
  administrator(): Promise<pg.Client>;
  /**
   * Drops the database. Throws where connections are open that `client()` did not
   * make: a pool that a test forgot to end is a leak that would be one in production too.
   */
  drop(): Promise<void>;
}

export interface TestDatabaseTemplate {
  /** Templates of the same name and version are built once per server. */
  readonly name: string;
  /** Changes whenever what `build` makes changes, for servers that outlive a test run. */
  readonly version?: string;
  /** Fills the template; must leave no connection open. */
  build(url: string): Promise<void>;
}

/**
 * @example
 * let database: TestDatabase;
 * beforeAll(async () => { database = await createTestDatabase(); });
 * afterAll(() => database.drop());
 */
export async function createTestDatabase(
  options: {
    readonly template?: TestDatabaseTemplate;
    /** A superuser's URL of another server than the run's. */
    readonly server?: string;
  } = {},
): Promise<TestDatabase> {
  const server = options.server ?? (await testServerUrl());
  const template = options.template && (await ensureTemplate(server, options.template));
  const name = `enginejs_test_${randomBytes(6).toString("hex")}`;
  await administer(server, (admin) => createDatabase(admin, name, template));
  const administratorUrl = urlOf(server, name);
  const url = await builderUrl(administratorUrl);
  const clients: pg.Client[] = [];
  const connected = async (as: string) => {
    const client = await open(as, "enginejs test");
    clients.push(client);
    return client;
  };
  return {
    url,
    administratorUrl,
    name,
    client: () => connected(url),
    administrator: () => connected(administratorUrl),
    async drop() {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      const leaks = await administer(server, async (admin) => {
        const open = await connectionsTo(admin, name);
        await admin.query(`drop database if exists ${admin.escapeIdentifier(name)} with (force)`);
        return open;
      });
      if (leaks.length > 0) {
        throw new Error(`${leaks.length} connection(s) to the test database were left open:\n${leaks.join("\n")}`);
      }
    },
  };
}

/** A database that copies are made of. An advisory lock keeps test files that run at once from building it twice. */
async function ensureTemplate(server: string, template: TestDatabaseTemplate): Promise<string> {
  const hash = createHash("sha256")
    .update(`${template.name}\n${template.version ?? ""}\n${builder}`)
    .digest("hex")
    .slice(0, 12);
  const name = `enginejs_template_${hash}`;
  return administer(server, async (admin) => {
    await admin.query("select pg_advisory_lock(hashtext($1))", [name]);
    const { rowCount } = await admin.query("select from pg_database where datname = $1", [name]);
    if (rowCount) return name;
    // Renamed when it is whole: a build that failed or was killed leaves no half a template.
    const unfinished = `${name}_unfinished`;
    await admin.query(`drop database if exists ${unfinished} with (force)`);
    await createDatabase(admin, unfinished);
    await template.build(await builderUrl(urlOf(server, unfinished)));
    const leaks = await connectionsTo(admin, unfinished);
    if (leaks.length > 0) throw new Error(`Template ${template.name} left connections open:\n${leaks.join("\n")}`);
    await admin.query(`alter database ${unfinished} rename to ${name}`);
    return name;
  });
}

async function createDatabase(admin: pg.Client, name: string, template = "template0"): Promise<void> {
  await admin.query(
    `create database ${admin.escapeIdentifier(name)} template ${admin.escapeIdentifier(template)} encoding 'UTF8'`,
  );
}

/** A backend needs a moment to go after its client has ended, on a loaded machine many: a connection counts as left open when it stays. */
async function connectionsTo(admin: pg.Client, database: string): Promise<string[]> {
  const until = Date.now() + 8_000;
  for (;;) {
    const { rows } = await admin.query<{ line: string }>(
      `select format('  %s as %s, %s: %s', application_name, usename, state, left(query, 200)) as line
         from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || Date.now() > until) return rows.map((row) => row.line);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function administer<T>(server: string, task: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = await open(server, "enginejs test administration");
  try {
    return await task(admin);
  } finally {
    await admin.end();
  }
}

async function open(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  // A connection that the server ends (a dropped database) must not end the test process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}
