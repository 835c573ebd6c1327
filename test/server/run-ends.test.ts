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

it("an end that was seen and not heard is a reason to ask: what does not answer is given up for another one", async () => {
  const proxy = await SilentProxy.before(database.url);
  const pool = createPool(proxy.url);
  const ends = new RunEnds(pool, pino({ level: "silent" }));
  await ends.ready();
  expect(ends.listening).toBe(true);
  proxy.fallSilent();
  expect(await ends.wait("a run", 10)).toBe(false);
  ends.doubt();
  while (ends.listening) await ends.wait("a run", 100);
  await ends.ready();
  expect(ends.listening).toBe(true);
  const client = await database.client();
  const heard = ends.wait("another run", 20_000);
  await client.query("select pg_notify('enginejs_ended', 'another run')");
  expect(await heard).toBe(true);
  await ends.close();
  await pool.end();
  proxy.close();
});
