/**
 * Whoever builds in the tests: the server's superuser, or with ENGINEJS_TEST_BUILDER=owner a plain login. That one owns
 * its database, was given what the message of `requireBuildRights` says it lacks, and may become an actor, as a login
 * that serves as well may. It has no attribute: no SUPERUSER, no CREATEROLE, no CREATEDB, no BYPASSRLS.
 */
import { createHash } from "node:crypto";
import pg from "pg";
import { requireBuildRights } from "../../src/database/require-server.ts";
import { EngineError } from "../../src/errors/engine-error.ts";

/** Who builds in this run: "superuser" or "owner". */
export const builder = readBuilder(process.env.ENGINEJS_TEST_BUILDER);

function readBuilder(given = "superuser"): "superuser" | "owner" {
  if (given === "superuser" || given === "owner") return given;
  throw new Error(`ENGINEJS_TEST_BUILDER is "superuser" or "owner", not ${JSON.stringify(given)}`);
}

const login = "enginejs_test_builder";
const ready = new Map<string, Promise<void>>();

/**
 * The URL of whoever builds in a database.
 *
 * @param administratorUrl a superuser's URL of the same database
 */
export async function builderUrl(administratorUrl: string): Promise<string> {
  if (builder === "superuser") return administratorUrl;
  const url = new URL(administratorUrl);
  const { password, host } = url;
  url.username = login;
  url.password = createHash("sha256").update(`${login}\n${password}`).digest("hex");
  await as(administratorUrl, async (administrator) => {
    const { rows } = await administrator.query("select current_database() as name");
    const name = administrator.escapeIdentifier(rows[0].name);
    if (!ready.has(host)) ready.set(host, admit(administrator, url, administratorUrl));
    await ready.get(host);
    await administrator.query(`alter database ${name} owner to ${login}`);
  });
  return url.href;
}

/** Once per server: the login, and what an administrator must give it. Files do it at the same time, and a lock holds within one database only. */
async function admit(administrator: pg.Client, url: URL, administratorUrl: string): Promise<void> {
  await as(Object.assign(new URL(administratorUrl), { pathname: "/postgres" }).href, async (oneDatabase) => {
    await oneDatabase.query("select pg_advisory_lock(hashtext($1))", [login]);
    await admitAlone(administrator, url);
  });
}

async function admitAlone(administrator: pg.Client, url: URL): Promise<void> {
  const { rows } = await administrator.query(
    "select current_setting('server_version_num')::int >= 160000 as modern, exists (select from pg_roles where rolname = $1) as known",
    [login],
  );
  const [{ modern, known }] = rows;
  if (!known) await administrator.query(`create role ${login} login password '${url.password}'`);
  await as(url.href, (client) => grantWhatIsMissing(client, administrator));
  // Before version 16 a member inherits what it may become.
  const become = modern ? "with inherit false, set true" : "";
  await administrator.query(`grant enginejs_anonymous, enginejs_user, enginejs_system to ${login} ${become}`);
}

/** Again where another build on the server made roles or grants at the same moment. */
async function grantWhatIsMissing(client: pg.Client, administrator: pg.Client): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await requireBuildRights(client);
    } catch (error) {
      if (!(error instanceof EngineError) || attempt === 5) throw error;
      for (const { hint = "" } of error.diagnostics) {
        await administrator.query(hint.replace("An administrator runs: ", "")).catch((refused: Error) => {
          if (attempt === 4) throw refused;
        });
      }
    }
  }
}

async function as<T>(url: string, task: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "enginejs test administration" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await task(client);
  } finally {
    await client.end();
  }
}
