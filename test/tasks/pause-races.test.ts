/** Pausing a run or a workflow at the very moment at which it is claimed, parked or woken: whoever comes second sees what the first has done. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
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
  // What an earlier test has left would be given back, paused or resumed beside it.
  await world.client.query("delete from enginejs.workflow_runs_active");
  await world.start([asleep]);
  ({ id: run } = await world.parked("asleep", await world.paid()));
  await eventually("nothing else is under way", async () => {
    const others =
      "select from enginejs.workflow_events_pending union all select from enginejs.workflow_runs_active where status = 'queued'";
    return (await world.client.query(others)).rowCount === 0;
  });
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

describe("pausing a workflow", () => {
  const pauseAll = (client: pg.Client) => value<number>(client, "enginejs.pause_workflow('asleep')");
  const resumeAll = (client: pg.Client) => value<number>(client, "enginejs.resume_workflow('asleep')");
  const settle = (client: pg.Client) => value<number>(client, "enginejs.workflow_settle_pauses()");
  afterEach(async () => {
    await one.query("rollback");
    await resumeAll(other);
  });

  it("while a run of it is rung for: it does not begin, however late its claim comes, and goes on afterwards", async () => {
    await one.query("begin");
    await unpark(one);
    expect(await pauseAll(other)).toBe(0);
    await one.query("commit");
    expect(await status()).toBe("pending");
    expect(await claim(one)).toBeUndefined();
    expect(await status()).toBe("paused");
    expect(await resumeAll(other)).toBe(1);
    expect(await claim(one)).toBeGreaterThan(0);
  });

  it("after the relay has read its subscription: the run is made, and waits", async () => {
    const { rows } = await one.query<{ event_id: string; segment: number; definition_id: number }>(
      "delete from enginejs.workflow_runs_parked where id = $1 returning event_id, segment, definition_id",
      [run],
    );
    const [{ event_id, segment, definition_id } = { event_id: "", segment: 0, definition_id: 0 }] = rows;
    await pauseAll(other);
    const begun = await value(
      one,
      "enginejs.workflow_start_runs(array[$1::bigint], array[$2::int], array[$3::int], $4, 10)",
      event_id,
      segment,
      definition_id,
      worker,
    );
    expect([begun, await status()]).toEqual([null, "paused"]);
    expect(await resumeAll(other)).toBe(1);
    expect(await claim(one)).toBeGreaterThan(0);
  });

  it("and resuming it while somebody keeps a run for it: the run goes on", async () => {
    await pauseAll(other);
    await one.query("begin");
    await unpark(one);
    expect(await resumeAll(other)).toBe(0);
    await one.query("commit");
    expect(await status()).toBe("paused");
    expect(await settle(other)).toBe(1);
    expect(await claim(one)).toBeGreaterThan(0);
  });

  it("and resuming it while the relay keeps an event for it: the event is not lost", async () => {
    await pauseAll(other);
    await world.paid();
    await one.query("begin");
    await one.query("select enginejs.workflow_relay(0, 500, 500, $1, 10)", [worker]);
    await resumeAll(other);
    await one.query("commit");
    const pending = () =>
      value<string>(one, "(select count(*) from enginejs.workflow_events_pending where workflows = '{asleep}')");
    expect(await pending()).toBe("0");
    expect(await settle(other)).toBe(1);
    expect(await pending()).toBe("1");
  });

  it("and resuming it while a build takes the pause over: it is not paused for ever", async () => {
    await one.query("update enginejs.workflow_subscriptions set paused = true where workflow = 'asleep'");
    await settle(other);
    expect(await value(one, "(select bool_or(paused) from enginejs.workflow_subscriptions)")).toBe(false);
  });
});
