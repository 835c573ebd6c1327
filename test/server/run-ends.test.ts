/** Hearing of the ends of runs over a connection that falls silent: nobody waits for it. */
import pino from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { RunEnds } from "../../src/server/workflows/run-ends.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { SilentProxy } from "../tasks/support/silent-proxy.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it("a call goes on by its own looks where the answer to listen never comes", async () => {
  const proxy = await SilentProxy.before(database.url, "enginejs_ended");
  const pool = createPool(proxy.url);
  const ends = new RunEnds(pool, pino({ level: "silent" }));
  const began = performance.now();
  await ends.ready();
  // Three seconds of its own, and what a loaded machine adds; without an end to its patience it would never come back.
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(ends.listening).toBe(false);
  proxy.close();
  await ends.close();
  await pool.end();
});
