/** A database beside another one, for as long as it is needed: with the core, and nothing else in it. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { quoteIdentifier } from "../sql-ast/quote.ts";
import { connect } from "./connection.ts";
import { databaseError } from "./database-error.ts";
import { migrate } from "./migrate.ts";
import { admitOwner, missingServiceRights } from "./require-service-rights.ts";

/**
 * Makes a database on the server of `url`, brings the core into it, and drops it when `run` has ended.
 * In it, the role may become every actor.
 *
 * @throws EngineError EJS4015 where the role may not create databases, or become an actor
 * @example await withScratchDatabase(url, (client) => testPolicies(client, system, { seed: 1 }));
 */
export async function withScratchDatabase<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const name = `enginejs_scratch_${randomBytes(6).toString("hex")}`;
  const administrator = await connect(url, { applicationName: "enginejs scratch" });
  try {
    await create(administrator, name);
    try {
      const scratch = Object.assign(new URL(url), { pathname: `/${name}` }).href;
      await migrate(scratch);
      const client = await connect(scratch, { applicationName: "enginejs scratch" });
      try {
        await requireActors(client);
        return await run(client);
      } finally {
        await client.end().catch(() => undefined);
      }
    } finally {
      await drop(administrator, name);
    }
  } finally {
    await administrator.end();
  }
}

async function create(administrator: pg.Client, name: string): Promise<void> {
  try {
    // Not template1, which may hold what somebody put there.
    await administrator.query(`create database ${quoteIdentifier(name)} template template0 encoding 'UTF8'`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== "42501") throw error;
    const { rows } = await administrator.query<{ role: string }>("select current_user::text as role");
    throw databaseError("EJS4015", "A scratch database is made for this, and the role may not create databases.", {
      hint: `Have an administrator run: alter role ${quoteIdentifier(rows[0]?.role ?? "")} createdb; or leave out --database to use the embedded server.`,
      cause: error,
    });
  }
}

/**
 * Waits for connections that are closing: graphile-migrate ends the whole process, without a word, where a pool of its own
 * loses one by force.
 */
async function drop(administrator: pg.Client, name: string): Promise<void> {
  for (let looks = 0; looks < 40; looks++) {
    const { rowCount } = await administrator.query("select from pg_stat_activity where datname = $1", [name]);
    if (!rowCount) break;
    await delay(50);
  }
  await administrator.query(`drop database if exists ${quoteIdentifier(name)} with (force)`);
}

/** A builder need not be able to become an actor; what asks for it here is given what it lacks, or told. */
async function requireActors(client: pg.Client): Promise<void> {
  await admitOwner(client, "worker");
  const missing = await missingServiceRights(client, "worker");
  if (missing.length === 0) return;
  const { rows } = await client.query<{ role: string; modern: boolean }>(
    "select current_user::text as role, current_setting('server_version_num')::int >= 160000 as modern",
  );
  const role = rows[0]?.role ?? "";
  const options = rows[0]?.modern ? " with inherit false, set true" : "";
  throw databaseError(
    "EJS4015",
    `Actors are played in a scratch database, and role "${role}" lacks: ${missing.map(({ right }) => right).join(", ")}.`,
    {
      hint: `Have an administrator run: grant enginejs_anonymous, enginejs_user, enginejs_system to ${quoteIdentifier(role)}${options};`,
    },
  );
}
