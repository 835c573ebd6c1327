/** When runs begin: one after the other by record or key, so many at a time or per period, the last of many, the urgent first. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { NonRetryableError, startWorkflow } from "../../src/tasks/index.ts";
import { ids, workflowOf } from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
const workers: WorkerProcess[] = [];
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  await world.stopWorker();
});
afterAll(() => world.end());

const input = { type: "object", properties: { key: { type: "string" }, n: { type: "integer" } } } as const;
/** A workflow that anybody starts with a key and a number, and whose one task gets both. */
const keyed = (name: string, options: NonNullable<Workflow["options"]>, task = "work") =>
  workflowOf({
    name,
    as: "system",
    trigger: { kind: "manual" },
    input,
    options,
    nodes: [{ id: "work", kind: "task", task, input: { key: "input.key", n: "input.n" } }],
  });
const byKey = { key: "input.key" } as const;
const start = (workflow: string, key: string, n: number) =>
  startWorkflow(world.client, workflow, { input: { key, n } });
type Given = { key: string; n: number };
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const status = async (workflow: string) =>
  (
    await world.client.query<{ status: string; n: number }>(
      "select status, count(*)::int as n from enginejs.workflow_runs where workflow = $1 group by 1 order by 1",
      [workflow],
    )
  ).rows;
const finished = (workflow: string, n: number) =>
  eventually(`${n} runs of ${workflow} end`, async () => {
    const rows = await status(workflow);
    return (
      rows.every((row) => ["done", "failed"].includes(row.status)) && rows.reduce((sum, row) => sum + row.n, 0) === n
    );
  });
const turns = async () =>
  (await world.client.query("select state from enginejs.workflow_turns where state <> 'failed' order by event_id"))
    .rows;

/** Remembers what began and ended, and the most at the same time. */
function recorder(during: (given: Given) => Promise<void> | void = () => pause(5)) {
  const began: Given[] = [];
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const work = defineTask({
    async run({ input: given }) {
      const of = given as Given;
      began.push(of);
      running.set(of.key, (running.get(of.key) ?? 0) + 1);
      most.set(of.key, Math.max(most.get(of.key) ?? 0, running.get(of.key) ?? 0));
      try {
        await during(of);
      } finally {
        running.set(of.key, (running.get(of.key) ?? 0) - 1);
      }
    },
  });
  return { began, most, work, numbers: (key: string) => began.filter((of) => of.key === key).map(({ n }) => n) };
}

describe("ordered", () => {
  it("runs of a key follow one another, also where they fail and are tried again; other keys go on", async () => {
    const failed = new Set<string>();
    const { work, numbers, most } = recorder(async ({ key, n }) => {
      await pause(3);
      if (n % 3 === 0 && !failed.has(`${key}${n}`)) {
        failed.add(`${key}${n}`);
        throw new Error("not yet");
      }
    });
    await world.start([keyed("fifo", { ordered: { by: byKey, onFailure: "halt" } })], { work });
    for (let n = 1; n <= 12; n++) for (const key of ["a", "b", "c"]) await start("fifo", key, n);
    await finished("fifo", 36);
    const expected = Array.from({ length: 12 }, (_, i) => i + 1).flatMap((n) => (n % 3 === 0 ? [n, n] : [n]));
    for (const key of ["a", "b", "c"]) {
      expect(numbers(key)).toEqual(expected);
      expect(most.get(key)).toBe(1);
    }
    expect(await eventually("no turns are left", async () => (await turns()).length === 0)).toBe(true);
  });

  it("by record: events of rows in the order of their writing", async () => {
    const { began, work } = recorder();
    const workflow = workflowOf({
      name: "by-record",
      as: "system",
      trigger: { kind: "model", entity: "Invoice", event: "update", condition: "after.number != before.number" },
      options: { ordered: { by: "record", onFailure: "halt" } },
      nodes: [
        {
          id: "work",
          kind: "task",
          task: "work",
          input: { key: "event.after.id", n: "1", text: "event.after.number" },
        },
      ],
    });
    await world.start([workflow], { work });
    const rows: string[] = [];
    for (let i = 0; i < 3; i++) rows.push(await world.paid());
    for (let n = 1; n <= 10; n++) {
      await world.client.query("update app.invoice set number = number || '-' || $2 where id = any ($1)", [
        rows,
        String(n),
      ]);
    }
    await finished("by-record", 30);
    for (const id of rows) {
      const texts = began.filter(({ key }) => key === id).map((of) => (of as Given & { text: string }).text);
      expect(texts).toHaveLength(10);
      expect(texts).toEqual(texts.toSorted((a, b) => a.length - b.length));
    }
  });

  it("halt: after a failure the later ones wait for somebody; skip: they go on", async () => {
    const { work, numbers } = recorder(({ n }) => {
      if (n === 2) throw new NonRetryableError("no");
    });
    await world.start(
      [
        keyed("halts", { ordered: { by: byKey, onFailure: "halt" } }),
        keyed("skips", { ordered: { by: byKey, onFailure: "skip" } }),
      ],
      { work },
    );
    const started: string[] = [];
    for (let n = 1; n <= 4; n++) started.push(await start("halts", "h", n));
    for (let n = 1; n <= 4; n++) await start("skips", "s", n);
    await finished("skips", 4);
    expect(numbers("s")).toEqual([1, 2, 3, 4]);
    await eventually("the second has halted", async () => (await turns()).some(({ state }) => state === "halted"));
    await pause(700);
    expect(numbers("h")).toEqual([1, 2]);
    expect(await world.run("halts", started[2] ?? "")).toMatchObject({
      status: "waiting",
      waiting_for: [{ kind: "turn", key: "h", run: started[1] }],
    });
    // Its event is under way, and nothing of it is dropped.
    const { rows } = await world.client.query(
      "select status from enginejs.workflow_events_outbox where model = 'workflow:halts' order by id",
    );
    expect(rows.map((row) => row.status)).toEqual(["done", "failed", "processing", "processing"]);
    await world.client.query("select enginejs.workflow_end_turn($1, true)", [started[1]]);
    await finished("halts", 4);
    expect(numbers("h")).toEqual([1, 2, 3, 4]);
  });

  it("one that is cancelled while it waits lets the others go on", async () => {
    const gate = Promise.withResolvers<void>();
    const { work, numbers } = recorder(({ n }) => (n === 1 ? gate.promise : undefined));
    await world.start([keyed("cancels", { ordered: { by: byKey, onFailure: "halt" } })], { work });
    const started: string[] = [];
    for (let n = 1; n <= 3; n++) started.push(await start("cancels", "c", n));
    await eventually("the first runs", async () => numbers("c").length === 1);
    await eventually("the others wait", async () => (await turns()).length === 3);
    await world.client.query("select enginejs.workflow_cancel($1)", [started[1]]);
    expect(await world.ended("cancels", started[1] ?? "")).toMatchObject({ status: "cancelled" });
    gate.resolve();
    expect(await world.ended("cancels", started[2] ?? "")).toMatchObject({ status: "done" });
    expect(numbers("c")).toEqual([1, 3]);
  });

  it("an earlier event that is committed later comes first, if it is the same record's", async () => {
    const { work } = recorder();
    await world.build([keyed("late", { ordered: { by: "record", onFailure: "halt" } })]);
    const record = "00000000-0000-7000-8000-0000000000aa";
    const begin = (n: number) => startWorkflow(world.client, "late", { input: { key: "l", n }, recordId: record });
    const [first, second] = [await begin(1), await begin(2)];
    // As if the relay had passed the first one's id before it was committed.
    await world.client.query(
      "update enginejs.workflow_events_pending set next_run_at = clock_timestamp() + interval '1 h' where event_id = (select min(event_id) from enginejs.workflow_events_pending)",
    );
    await world.startWorker({ work });
    await eventually("the second one waits", async () => (await turns()).length === 1);
    await pause(500);
    expect(await world.run("late", second)).toMatchObject({ status: "waiting" });
    await world.client.query("update enginejs.workflow_events_pending set next_run_at = null");
    await world.client.query("select enginejs.ring()");
    await world.ended("late", first);
    await world.ended("late", second);
    const { rows } = await world.client.query(
      "select id from enginejs.workflow_runs_finished where id = any ($1) order by finished_at",
      [[first, second]],
    );
    expect(rows.map(({ id }) => id)).toEqual([first, second]);
  });

  it("holds with several workers that are killed at random", async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    let state = seed;
    const random = (most: number) => {
      state = (state * 48_271 + 11) % 2_147_483_647;
      return state % most;
    };
    await world.client.query("delete from test.effects");
    const workflow = { ...keyed("storm", { ordered: { by: byKey, onFailure: "halt" } }, "ordered-work") };
    await world.build([{ ...workflow, retry: { attempts: 50, backoff: "fixed", initialMs: 20, maxMs: 20 } }]);
    const spawnOne = () => {
      const worker = startWorkerProcess(world.database, { ORDERED_FAILURES: "5" });
      workers.push(worker);
      return worker;
    };
    const started = [spawnOne(), spawnOne(), spawnOne()];
    await Promise.all(started.map(({ ready }) => ready));
    const keys = ["k0", "k1", "k2", "k3"];
    let kills = 0;
    for (let n = 1; n <= 30; n++) {
      for (const key of keys) await start("storm", key, n);
      if (n % 10 === 0) {
        const [victim] = workers.splice(random(workers.length), 1);
        await victim?.kill();
        kills += 1;
        await spawnOne().ready;
      }
    }
    await finished("storm", 120);
    expect(kills).toBe(3);
    for (const key of keys) {
      const { rows } = await world.client.query<{ kind: string }>(
        "select kind from test.effects where key = $1 order by id",
        [key],
      );
      // A number may begin several times; none begins after a greater one has.
      const numbers = rows.map(({ kind }) => Number(kind));
      expect(numbers, `seed ${seed}, ${key}`).toEqual(numbers.toSorted((a, b) => a - b));
      expect(new Set(numbers).size, `seed ${seed}, ${key}`).toBe(30);
    }
    expect(await status("storm")).toEqual([{ status: "done", n: 120 }]);
  });
});

describe("concurrency", () => {
  it("so many of a key at the same time, and of all", async () => {
    // Each waits for another one of its key, until two have met.
    const { work, most }: ReturnType<typeof recorder> = recorder(async ({ key }) => {
      for (let waited = 0; (most.get(key) ?? 0) < 2 && waited < 60_000; waited += 10) await pause(10);
      await pause(30);
    });
    await world.build([keyed("two", { concurrency: { limit: 2, key: "input.key" } })]);
    // All there before the first begins: on a busy machine they would come too slowly to meet.
    for (let n = 1; n <= 8; n++) for (const key of ["a", "b"]) await start("two", key, n);
    await world.startWorker({ work });
    await finished("two", 16);
    expect(most.get("a")).toBe(2);
    expect(most.get("b")).toBe(2);
  });
});

describe("rate", () => {
  it("so many begin in any period", async () => {
    const at: number[] = [];
    const { work } = recorder(() => void at.push(performance.now()));
    const from = performance.now();
    await world.start([keyed("rated", { rate: { limit: 2, perMs: 600 } })], { work });
    for (let n = 1; n <= 6; n++) await start("rated", "r", n);
    await finished("rated", 6);
    const { rows } = await world.client.query(
      "select count(*)::int as n from enginejs.workflow_turn_starts where workflow = 'rated'",
    );
    expect(rows[0].n).toBeLessThanOrEqual(2);
    expect((at.at(-1) ?? 0) - from).toBeGreaterThan(1_000);
  });
});

describe("debounce", () => {
  it("events within the pause are one run, of the last of them", async () => {
    const { work, numbers } = recorder();
    await world.start([keyed("settled", { debounce: { key: "input.key", pauseMs: 3_000 } })], { work });
    for (let n = 1; n <= 5; n++) {
      await start("settled", "d", n);
      await pause(60);
    }
    await start("settled", "e", 9);
    await finished("settled", 2);
    expect(numbers("d")).toEqual([5]);
    expect(numbers("e")).toEqual([9]);
    const { rows } = await world.client.query(
      "select distinct status from enginejs.workflow_events_outbox where model = 'workflow:settled'",
    );
    expect(rows).toEqual([{ status: "done" }]);
  });

  it("and order by a key are one tenant's: another one takes no place of its events, and halts none of its runs", async () => {
    const { work, numbers } = recorder(({ n }) => {
      if (n === 2) throw new NonRetryableError("no");
    });
    await world.start(
      [
        keyed("settled-each", { debounce: { key: "input.key", pauseMs: 500 } }),
        keyed("halts-each", { ordered: { by: byKey, onFailure: "halt" } }),
      ],
      { work },
    );
    const startIn = (workflow: string, tenant: string, key: string, n: number) =>
      startWorkflow(world.client, workflow, {
        input: { key, n },
        actor: { kind: "user", id: ids.biller, tenant },
      });
    await startIn("settled-each", ids.tenant, "1001", 1);
    await startIn("settled-each", ids.otherTenant, "1001", 3);
    await start("settled-each", "1001", 4);
    await finished("settled-each", 3);
    expect(numbers("1001").toSorted()).toEqual([1, 3, 4]);
    await startIn("halts-each", ids.otherTenant, "1002", 2);
    await eventually("it has halted", async () => (await turns()).some(({ state }) => state === "halted"));
    const waits = await startIn("halts-each", ids.otherTenant, "1002", 5);
    const goesOn = await startIn("halts-each", ids.tenant, "1002", 6);
    expect(await world.ended("halts-each", goesOn)).toMatchObject({ status: "done" });
    expect(await world.run("halts-each", waits)).toMatchObject({ waiting_for: [{ kind: "turn", key: "1002" }] });
    await world.client.query("delete from enginejs.workflow_turns");
  });

  it("with a longest wait a stream that never pauses runs all the same, with what came last", async () => {
    const { work, numbers } = recorder();
    await world.start([keyed("streamed", { debounce: { key: "input.key", pauseMs: 60_000, maxMs: 2_000 } })], { work });
    let n = 0;
    await eventually("it has run twice, and nothing was skipped", async () => {
      await start("streamed", "s", ++n);
      return numbers("s").length >= 2;
    });
    const [first = 0, second = 0] = numbers("s");
    expect(first).toBeGreaterThan(1);
    expect(second).toBeGreaterThan(first);
    // What comes after the last of them waits for its own longest wait only.
    await start("streamed", "s", ++n);
    await eventually("the last one runs", async () => numbers("s").at(-1) === n);
  });
});

describe("priority", () => {
  it("is that of the jobs which ring, also of those that hand it on", async () => {
    await world.build([keyed("urgent", { priority: -10 })]);
    const run = await start("urgent", "u", 1);
    await world.client.query(
      `select enginejs.workflow_hold_runs('urgent', s.definition_id, array[p.event_id], array[p.segment],
         '{null}', '{null}', '{null}', '{null}')
       from enginejs.workflow_subscriptions s join enginejs.workflow_events_pending p on p.model = s.model
       where s.workflow = 'urgent'`,
    );
    const priority = async () =>
      (
        await world.client.query(
          "select j.priority from enginejs.workflow_runs_active r join graphile_worker._private_jobs j on j.id = r.job_id where r.id = $1",
          [run],
        )
      ).rows;
    expect(await priority()).toEqual([{ priority: -10 }]);
    await world.client.query("select enginejs.workflow_hand_on(array[$1::uuid])", [run]);
    expect(await priority()).toEqual([{ priority: -10 }]);
    const { work } = recorder();
    await world.startWorker({ work });
    expect(await world.ended("urgent", run)).toMatchObject({ status: "done" });
  });
});

it("a workflow without any of these has no turns, and no row of them", async () => {
  const { work } = recorder();
  await world.start([keyed("plain", {})], { work });
  const id = await start("plain", "p", 1);
  await world.ended("plain", id);
  const { rows } = await world.client.query(
    "select conditional from enginejs.workflow_subscriptions where workflow = 'plain'",
  );
  expect(rows).toEqual([{ conditional: false }]);
});
