/** Pausing a run at the very moment at which it is claimed, parked or woken: whoever comes second sees what the first has done. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
/** Two people, or workers, at the same time. */
let one: pg.Client;
let other: pg.Client;
beforeAll(async () => {
  world = await WorkflowWorld.make();
  [one, other] = [await world.database.client(), await world.database.client()];
});
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const asleep = workflowOf({
  name: "asleep",
  trigger: onPay,
  nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }],
});
let run: string;
let worker: number;

/** A parked run, and no worker that could touch it. */
beforeEach(async () => {
  await world.start([asleep]);
  ({ id: run } = await world.parked("asleep", await world.paid()));
  await world.stopWorker();
  const { rows } = await one.query<{ id: number }>(
    "insert into enginejs.workflow_workers (host, process_id) values ('nowhere', 0) returning id",
  );
  worker = rows[0]?.id ?? 0;
});

async function value<T>(client: pg.Client, expression: string, ...values: unknown[]): Promise<T> {
  const { rows } = await client.query<{ value: T }>(`select ${expression} as value`, values);
  return rows[0]?.value as T;
}
const pause = (client: pg.Client) => value<string>(client, "enginejs.pause_run($1)", run);
const resume = (client: pg.Client) => value<string>(client, "enginejs.resume_run($1)", run);
const unpark = (client: pg.Client) => value<number>(client, "enginejs.workflow_unpark(array[$1::uuid])", run);
const status = async () => (await world.run("asleep", run))?.status;
async function claim(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ lease: number }>(
    "select lease from enginejs.workflow_claim(array[$1::uuid], $2)",
    [run, worker],
  );
  return rows[0]?.lease;
}

/** `first` has done its part and not committed when `second` begins; what the second one gives. */
async function crossing<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  await one.query("begin");
  const done = await first();
  const waiting = second();
  waiting.catch(() => undefined);
  await eventually("the other one waits", async () => {
    const { rowCount } = await world.client.query(
      "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'",
      [await otherPid],
    );
    return rowCount === 1;
  });
  await one.query("commit");
  return [done, await waiting];
}
let otherPid: Promise<number>;
beforeAll(() => {
  otherPid = value<number>(other, "pg_backend_pid()");
});

describe("pausing a run", () => {
  it("that is being claimed: it goes on until it is put back, and then waits", async () => {
    await unpark(one);
    const [lease, answer] = await crossing(
      () => claim(one),
      () => pause(other),
    );
    expect([lease !== undefined, answer]).toEqual([true, "processing"]);
    expect(await value(one, "enginejs.workflow_retry($1, $2, null, null, '0')", run, lease)).toBe(true);
    await one.query("select enginejs.workflow_wake(10)");
    expect(await status()).toBe("paused");
    expect(await claim(one)).toBeUndefined();
  });

  it("before it is claimed: whoever claims it then gets nothing", async () => {
    await unpark(one);
    const [answer, lease] = await crossing(
      () => pause(one),
      () => claim(other),
    );
    expect([answer, lease]).toEqual(["paused", undefined]);
    expect(await status()).toBe("paused");
  });

  it("that is being woken: it does not begin", async () => {
    const [, answer] = await crossing(
      () => unpark(one),
      () => pause(other),
    );
    expect(answer).toBe("paused");
    expect(await claim(one)).toBeUndefined();
  });

  it("that is being parked: it wakes up paused", async () => {
    await unpark(one);
    const lease = await claim(one);
    const [outcome, answer] = await crossing(
      () => value(one, "enginejs.workflow_park($1, $2, array['nap'], null)", run, lease),
      () => pause(other),
    );
    expect([outcome, answer]).toEqual(["parked", "paused"]);
    await unpark(one);
    expect(await claim(one)).toBeUndefined();
  });
});

describe("resuming a run", () => {
  it("that is being woken, paused: it begins", async () => {
    await pause(one);
    const [, answer] = await crossing(
      () => unpark(one),
      () => resume(other),
    );
    expect(answer).toBe("pending");
    expect(await claim(one)).toBeGreaterThan(0);
  });
});
