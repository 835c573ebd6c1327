/** Builds of one database run one after the other. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { databaseError } from "./database-error.ts";

/** Any two numbers that nobody else uses: "enginejs", "build". */
const BUILD_LOCK = [0x656a73, 0x6275696c];

/**
 * Runs while no other build of this database does. May be nested on one connection.
 *
 * @param until when to give up waiting for another build, as `Date.now()` counts
 * @throws EJS4031 where the other one has not ended by then
 */
export async function withBuildLock<T>(client: pg.ClientBase, until: number, run: () => Promise<T>): Promise<T> {
  await lockBuilds(client, until);
  try {
    return await run();
  } finally {
    await client.query("select pg_advisory_unlock($1, $2)", BUILD_LOCK).catch(() => undefined);
  }
}

/** Polls: a deployer that waited in a blocking call would deadlock with `create index concurrently` of another. */
async function lockBuilds(client: pg.ClientBase, until: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>(
      "select pg_try_advisory_lock($1, $2) as locked",
      BUILD_LOCK,
    );
    if (rows[0]?.locked) return;
    if (Date.now() > until) throw databaseError("EJS4031", "Another build of this database is running.");
    await delay(100);
  }
}
