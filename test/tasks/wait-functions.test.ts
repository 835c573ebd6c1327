/** The functions by which runs wait, park and go on, statement by statement: what comes at a bad moment is not lost. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { RunStore } from "../../src/tasks/run-store.ts";
import { createInvoicingDatabase, type InvoicingDatabase } from "./support/invoicing-database.ts";

let database: InvoicingDatabase;
let client: pg.Client;
let other: pg.Client;
let definition: number;
let runs = 0;

beforeAll(async () => {
  database = await createInvoicingDatabase();
  client = await database.client();
  other = await database.client();
  const { rows } = await client.query<{ id: number }>(
    "insert into enginejs.workflow_definitions (name, hash, definition) values ('waits', 'x', '{}') returning id",
  );
  definition = rows[0]?.id ?? 0;
});
afterAll(() => database.drop());

const one = async <T>(on: pg.Client, text: string, values: unknown[] = []): Promise<T> =>
  (await on.query<{ answer: T }>(`select ${text} as answer`, values)).rows[0]?.answer as T;

/** A run that a worker holds with lease 1. */
async function running(): Promise<string> {
  runs += 1;
  const { rows } = await client.query<{ id: string }>(
    `insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment, status, lease)
     values (enginejs.workflow_run_id($1, 'waits'), $2, $1, 1, 'running', 1) returning id`,
    [runs, definition],
  );
  return rows[0]?.id ?? "";
}

const waitFor = (run: string, step: string, key: string, lease = 1) =>
  one<{ output?: unknown; lost?: true } | null>(
    client,
    "enginejs.workflow_wait($1, $2, $3, 'signal', null, null, jsonb_build_object('name', 'go', 'key', $4::text))",
    [run, lease, step, key],
  );
const park = (run: string, steps: string[], lease = 1, on = client) =>
  one<string>(on, "enginejs.workflow_park($1, $2, $3, null)", [run, lease, steps]);
const resume = (run: string) => one<unknown>(client, "enginejs.workflow_resume($1, 1)", [run]);
const signal = (key: string, on = client) => one<number>(on, "enginejs.workflow_signal('go', $1, '7')", [key]);
const isParked = async (run: string) =>
  (await client.query("select from enginejs.workflow_runs_parked where id = $1", [run])).rowCount === 1;

describe("a signal", () => {
  it("between the wait and the parking keeps the run from parking", async () => {
    const run = await running();
    expect(await waitFor(run, "wait", "between")).toBeNull();
    expect(await signal("between")).toBe(1);
    expect(await park(run, ["wait"])).toBe("again");
    expect(await resume(run)).toEqual([
      { step: "wait", kind: "signal", state: "done", output: { payload: 7, timedOut: false } },
    ]);
    // Once: it is a checkpoint now.
    expect(await resume(run)).toEqual([]);
  });

  it("that is not committed yet holds the parking up, and is seen", async () => {
    const run = await running();
    await waitFor(run, "wait", "racing");
    await other.query("begin");
    expect(await signal("racing", other)).toBe(1);
    const parking = park(run, ["wait"]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await other.query("commit");
    expect(await parking).toBe("again");
  });

  it("that comes while the run is being parked waits for that, and takes it back", async () => {
    const run = await running();
    await waitFor(run, "wait", "late");
    await other.query("begin");
    expect(await park(run, ["wait"], 1, other)).toBe("parked");
    const signalled = signal("late");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await other.query("commit");
    expect(await signalled).toBe(1);
    expect(await isParked(run)).toBe(false);
    const { rows } = await client.query("select status from enginejs.workflow_runs_active where id = $1", [run]);
    expect(rows).toEqual([{ status: "queued" }]);
  });

  it("that was kept goes to one wait, the oldest first", async () => {
    expect([await signal("kept"), await signal("kept")]).toEqual([0, 0]);
    const [first, second, third] = [await running(), await running(), await running()];
    expect(await waitFor(first, "wait", "kept")).toEqual({ output: { payload: 7, timedOut: false } });
    expect(await waitFor(second, "wait", "kept")).not.toBeNull();
    expect(await waitFor(third, "wait", "kept")).toBeNull();
  });

  it("goes to all that wait with its key, and to nobody else", async () => {
    const [a, b, c] = [await running(), await running(), await running()];
    await waitFor(a, "wait", "all");
    await waitFor(b, "wait", "all");
    await waitFor(c, "wait", "another");
    for (const run of [a, b, c]) expect(await park(run, ["wait"])).toBe("parked");
    expect(await signal("all")).toBe(2);
    expect([await isParked(a), await isParked(b), await isParked(c)]).toEqual([false, false, true]);
  });
});

describe("a step that has paused after a failure", () => {
  const wait = (run: string, kind: string, ms: number | null, details: object = {}) =>
    one(client, "enginejs.workflow_wait($1, 1, 'step', $2, $3, null, $4)", [run, kind, ms, JSON.stringify(details)]);
  const waits = async (run: string) =>
    (
      await client.query<{ kind: string; failures: number | null; until: Date | null }>(
        "select kind, failures, until, name, key from enginejs.workflow_waits where run_id = $1",
        [run],
      )
    ).rows;

  it("may wait for something else when it is tried again: a signal is heard then", async () => {
    const run = await running();
    await wait(run, "retry", 0, { failures: 1, error: "cut off" });
    expect(await waitFor(run, "step", "after a failure")).toBeNull();
    expect(await waits(run)).toEqual([
      { kind: "signal", failures: null, until: null, name: "go", key: "after a failure" },
    ]);
    expect(await park(run, ["step"])).toBe("parked");
    expect(await signal("after a failure")).toBe(1);
    expect(await isParked(run)).toBe(false);
  });

  it("pauses anew when it fails again; what waits already is not begun a second time", async () => {
    const run = await running();
    await wait(run, "retry", 0, { failures: 1 });
    await wait(run, "retry", 60_000, { failures: 2 });
    expect(await waits(run)).toMatchObject([{ kind: "retry", failures: 2 }]);
    const other = await running();
    await wait(other, "timer", 60_000);
    const [before] = await waits(other);
    await wait(other, "retry", 0, { failures: 1 });
    await wait(other, "timer", 0);
    expect(await waits(other)).toEqual([before]);
  });
});

describe("the results of steps", () => {
  it("whose answer was lost are written again by the same lease, and it is told that they are kept", async () => {
    const pool = createPool(database.url, { max: 2, applicationName: "test store" });
    try {
      const store = new RunStore(pool, () => 0);
      const run = await running();
      expect(await store.checkpoint({ id: run, lease: 1 }, "step", { n: 1 })).toBe(true);
      expect(await store.checkpoint({ id: run, lease: 1 }, "step", { n: 1 })).toBe(true);
      // Among others, too: those are kept as well.
      const others = [await running(), await running()];
      const together = [...others, run].map((id) => store.checkpoint({ id, lease: 1 }, "step", { n: 2 }));
      expect(await Promise.all(together)).toEqual([true, true, true]);
      expect(await store.checkpoint({ id: run, lease: 2 }, "step", { n: 3 })).toBe(false);
      const { rows } = await client.query("select output from enginejs.workflow_run_steps where run_id = any ($1)", [
        [...others, run],
      ]);
      expect(rows.map(({ output }) => output.n).toSorted()).toEqual([1, 2, 2]);
    } finally {
      await pool.end();
    }
  });
});

describe("a lost lease", () => {
  it("writes no wait, parks nothing, resumes nothing", async () => {
    const run = await running();
    expect(await waitFor(run, "wait", "lost", 2)).toEqual({ lost: true });
    expect(await park(run, [], 2)).toBe("lost");
    expect(await one(client, "enginejs.workflow_resume($1, 2)", [run])).toBeNull();
    expect(await one(client, "enginejs.workflow_compensate($1, 2, '{}')", [run])).toBeNull();
  });
});

describe("a cancelling", () => {
  it("keeps a running run from parking, and takes a parked one back", async () => {
    const [active, parked] = [await running(), await running()];
    await waitFor(active, "wait", "cancelled");
    expect(await one(client, "enginejs.workflow_cancel($1, 'no')", [active])).toBe(true);
    expect(await park(active, ["wait"])).toBe("again");
    await waitFor(parked, "wait", "cancelled");
    expect(await park(parked, ["wait"])).toBe("parked");
    expect(await one(client, "enginejs.workflow_cancel($1, 'no')", [parked])).toBe(true);
    expect(await isParked(parked)).toBe(false);
    const { rows } = await client.query("select cancel from enginejs.workflow_runs_active where id = any ($1)", [
      [active, parked],
    ]);
    expect(rows).toEqual([{ cancel: "no" }, { cancel: "no" }]);
    expect(await one(client, "enginejs.workflow_cancel(enginejs.uuid_v7(), 'no')")).toBe(false);
  });
});

describe("sleepers", () => {
  it("by the thousand do not burden those who look for due runs", async () => {
    await client.query(
      `insert into enginejs.workflow_runs_parked (id, definition_id, event_id, segment, status, next_run_at, waits)
       select enginejs.workflow_run_id(1000000 + n, 'waits'), $1, 1000000 + n, 1, 'waiting', clock_timestamp() + interval '1 year', true
       from generate_series(1, 50000) n`,
      [definition],
    );
    await client.query("analyze enginejs.workflow_runs_parked");
    const scans = async () => {
      await client.query("select pg_stat_force_next_flush()");
      return one<string>(client, "(select seq_scan from pg_stat_user_tables where relname = 'workflow_runs_parked')");
    };
    const before = await scans();
    for (let i = 0; i < 3; i++) await client.query("select * from enginejs.workflow_wake(1000)");
    expect(await scans()).toBe(before);
  });
});
