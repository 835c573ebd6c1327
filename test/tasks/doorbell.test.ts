/** What the doorbell leaves behind when it is closed, or could not be hung up, while the server is not there. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../../src/tasks/doorbell.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startGate } from "./support/gate.ts";
import { eventually } from "./support/worker.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function doorbells(): Promise<number> {
  const { rowCount } = await client.query(
    "select from pg_stat_activity where datname = current_database() and application_name = 'enginejs doorbell'",
  );
  return rowCount ?? 0;
}

/** Longer than between two attempts to connect again. */
const anAttempt = () => new Promise((resolve) => setTimeout(resolve, 1_200));

test("rings after the server was gone", async () => {
  const gate = await startGate(database.url);
  const bell = await listen(gate.url, silent);
  try {
    gate.close();
    await eventually("it is gone", async () => (await doorbells()) === 0);
    bell.clear();
    gate.open();
    await eventually("it listens again, and rings for what it may have missed", async () => bell.rung);
    bell.clear();
    await client.query("notify enginejs_workflow");
    await bell.wait(30_000, new AbortController().signal);
    expect(bell.rung).toBe(true);
  } finally {
    await bell.close();
    gate.end();
  }
  await eventually("it is closed", async () => (await doorbells()) === 0);
});

test("closed while the server is gone, it connects no more", async () => {
  const gate = await startGate(database.url);
  const bell = await listen(gate.url, silent);
  try {
    gate.close();
    await eventually("it is gone", async () => (await doorbells()) === 0);
    await bell.close();
    gate.open();
    await anAttempt();
    await eventually("nothing listens", async () => (await doorbells()) === 0, 5);
  } finally {
    gate.end();
  }
});

test("that cannot connect at first says so, and tries no more", async () => {
  const gate = await startGate(database.url);
  try {
    gate.close();
    await expect(listen(gate.url, silent)).rejects.toThrow();
    gate.open();
    await anAttempt();
    await eventually("nothing listens", async () => (await doorbells()) === 0, 5);
  } finally {
    gate.end();
  }
});
