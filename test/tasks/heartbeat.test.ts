/** A heartbeat whose first beat does not come: it leaves no thread behind that beats for nobody. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { startHeartbeat } from "../../src/tasks/heartbeat.ts";
import { type Gate, startGate } from "./support/gate.ts";
import { createInvoicingDatabase, type InvoicingDatabase } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";

let database: InvoicingDatabase;
let client: pg.Client;
let pool: pg.Pool;
let gate: Gate;
beforeAll(async () => {
  database = await createInvoicingDatabase();
  client = await database.client();
  pool = createPool(database.workerUrl, { max: 1 });
  gate = await startGate(database.workerUrl);
});
afterAll(async () => {
  gate.end();
  await pool.end();
  await database.drop();
});

const count = async (text: string) => (await client.query(text)).rowCount ?? 0;
const workers = () => count("select from enginejs.workflow_workers");
const connections = () =>
  count("select from pg_stat_activity where datname = current_database() and application_name = 'enginejs heartbeat'");
const lost: string[] = [];
const start = (signal: AbortSignal) => startHeartbeat(gate.url, pool, () => void lost.push("lost"), signal);

test("stops beginning when its worker stops", async () => {
  gate.close();
  const stopped = new AbortController();
  const beginning = start(stopped.signal);
  await eventually("it is registered", async () => (await workers()) === 1);
  stopped.abort();
  await expect(beginning).rejects.toThrow("the worker stops");
  gate.open();
  // Longer than between two beats.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(await connections()).toBe(0);
});

test("that others have declared dead before it began says so, once", async () => {
  await client.query("delete from enginejs.workflow_workers");
  gate.close();
  const beginning = start(new AbortController().signal);
  await eventually("it is registered", async () => (await workers()) === 1);
  await client.query("delete from enginejs.workflow_workers");
  gate.open();
  await expect(beginning).rejects.toThrow("before its first beat");
  await eventually("its thread has ended", async () => (await connections()) === 0);
  expect(lost).toEqual([]);
});

test("begins when the server is there", async () => {
  gate.close();
  const beginning = start(new AbortController().signal);
  await eventually("it is registered", async () => (await workers()) === 1);
  gate.open();
  const heartbeat = await beginning;
  expect(await connections()).toBe(1);
  await heartbeat.stop();
  expect(await workers()).toBe(0);
  expect(lost).toEqual([]);
});
