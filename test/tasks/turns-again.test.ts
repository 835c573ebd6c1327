/** Operators and turns: what is tried again waits for its turn like anything else, and a halted key waits for whoever may end it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { NonRetryableError, startWorkflow } from "../../src/tasks/index.ts";
import { workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const keyed = (name: string, options: NonNullable<Workflow["options"]>) =>
  workflowOf({
    name,
    as: "system",
    trigger: { kind: "manual" },
    input: { type: "object", properties: { n: { type: "integer" } } },
    options,
    nodes: [{ id: "work", kind: "task", task: "work", input: { n: "input.n" } }],
  });
const halting = { by: { key: '"all"' }, onFailure: "halt" } as const;
const skipping = { by: { key: '"all"' }, onFailure: "skip" } as const;

async function value<T>(expression: string, ...values: unknown[]): Promise<T> {
  const { rows } = await world.client.query<{ value: T }>(`select ${expression} as value`, values);
  return rows[0]?.value as T;
}
/** How many turns of a workflow are in each state; null where there is none. */
const turns = (workflow: string) =>
  value<Record<string, number> | null>(
    `(select jsonb_object_agg(t.state, t.n) from (
       select state, count(*)::int as n from enginejs.workflow_turns where workflow = $1 group by 1) t)`,
    workflow,
  );

/** A task that fails for the numbers that are broken, and waits at the gate of a number where there is one. */
function workshop(broken: Iterable<number>) {
  const still = new Set(broken);
  const gates = new Map<number, PromiseWithResolvers<void>>();
  const began: number[] = [];
  let now = 0;
  let most = 0;
  const work = defineTask({
    async run({ input }) {
      const { n } = input as { n: number };
      began.push(n);
      most = Math.max(most, ++now);
      try {
        await gates.get(n)?.promise;
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (still.has(n)) throw new NonRetryableError("no");
      } finally {
        now -= 1;
      }
    },
  });
  const gate = (n: number) => {
    const made = Promise.withResolvers<void>();
    gates.set(n, made);
    return () => {
      gates.delete(n);
      made.resolve();
    };
  };
  const forget = () => {
    began.length = 0;
    most = 0;
  };
  return { work, began, broken: still, gate, forget, most: () => most };
}

async function started(workflow: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) ids.push(await startWorkflow(world.client, workflow, { input: { n } }));
  return ids;
}
const is = (workflow: string, id: string | undefined, status: string) =>
  world.until(workflow, id ?? "", (run) => run.status === status);
const settled = (workflow: string) =>
  eventually("turns are settled", async () => (await turns(workflow))?.begun === undefined);
const redrive = (workflow: string) => value("(select to_jsonb(r) from enginejs.redrive_runs($1) r)", workflow);

describe("a halted key", () => {
  it("waits through a retry that fails again, and goes on in order after one that does not", async () => {
    const shop = workshop([1]);
    await world.start([keyed("mended", { ordered: halting })], { work: shop.work });
    const [first, second, third] = await started("mended", 3);
    await is("mended", first, "failed");
    await settled("mended");
    await value("enginejs.retry_run($1)", first);
    await is("mended", first, "failed");
    await settled("mended");
    expect(await turns("mended")).toMatchObject({ halted: 1, blocked: 2 });
    expect(await world.run("mended", second ?? "")).toMatchObject({
      status: "waiting",
      waiting_for: [{ kind: "turn", key: "all", run: first }],
    });
    shop.broken.clear();
    await value("enginejs.retry_run($1)", first);
    await is("mended", third, "done");
    expect(shop.began).toEqual([1, 1, 1, 2, 3]);
    await eventually("no turn is left", async () => (await turns("mended")) === null);
  });

  it("goes on after a redrive, which takes what has failed and leaves what waits", async () => {
    const shop = workshop([1]);
    await world.start([keyed("redriven", { ordered: halting })], { work: shop.work });
    const [first, , third] = await started("redriven", 3);
    await is("redriven", first, "failed");
    await settled("redriven");
    shop.broken.clear();
    expect(await redrive("redriven")).toMatchObject({ runs: 1, refused: 0 });
    await is("redriven", third, "done");
    expect(shop.began).toEqual([1, 1, 2, 3]);
  });

  it("lets one that waits be cancelled, and has nothing to cancel of the one that has failed", async () => {
    const shop = workshop([1]);
    await world.start([keyed("cancelled", { ordered: halting })], { work: shop.work });
    const [first, second, third] = await started("cancelled", 3);
    await is("cancelled", first, "failed");
    await settled("cancelled");
    expect(await value("enginejs.cancel_run($1)", first)).toBe(false);
    expect(await value("enginejs.cancel_run($1)", second)).toBe(true);
    await is("cancelled", second, "cancelled");
    await eventually("its turn is over", async () => (await turns("cancelled"))?.blocked === 1);
    expect(await turns("cancelled")).toEqual({ halted: 1, blocked: 1 });
    await expect(value("enginejs.skip_run($1)", second)).rejects.toMatchObject({ code: "EJ409" });
    expect(await value("enginejs.skip_run($1)", first)).toBe("failed");
    await is("cancelled", third, "done");
    expect(shop.began).toEqual([1, 3]);
  });

  it("is not skipped while its run is being tried again, and skipped once", async () => {
    const shop = workshop([1]);
    await world.start([keyed("once", { ordered: halting })], { work: shop.work });
    const [first, second] = await started("once", 2);
    await is("once", first, "failed");
    await settled("once");
    const open = shop.gate(1);
    await value("enginejs.retry_run($1)", first);
    await eventually("it runs again", async () => shop.began.length === 2);
    await expect(value("enginejs.skip_run($1)", first)).rejects.toMatchObject({ code: "EJ409" });
    open();
    await is("once", first, "failed");
    await settled("once");
    await value("enginejs.skip_run($1)", first);
    await expect(value("enginejs.skip_run($1)", first)).rejects.toMatchObject({ code: "EJ409" });
    await is("once", second, "done");
  });

  it("one that was skipped and is tried again does not run beside another of its key", async () => {
    const shop = workshop([1]);
    await world.start([keyed("late", { ordered: halting })], { work: shop.work });
    const [first, , third] = await started("late", 3);
    await is("late", first, "failed");
    await settled("late");
    const open = shop.gate(2);
    await value("enginejs.skip_run($1)", first);
    await eventually("the second runs", async () => shop.began.includes(2));
    shop.broken.clear();
    await value("enginejs.retry_run($1)", first);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(shop.began).toEqual([1, 2]);
    open();
    await is("late", third, "done");
    // The earliest event first.
    expect(shop.began).toEqual([1, 2, 1, 3]);
    expect(shop.most()).toBe(1);
  });
});

describe("a redrive", () => {
  it("of many of one key follows their order, also where a failure does not halt", async () => {
    const shop = workshop([1, 2, 3, 4, 5]);
    await world.start([keyed("in-order", { ordered: skipping })], { work: shop.work });
    const ids = await started("in-order", 5);
    for (const id of ids) await is("in-order", id, "failed");
    await settled("in-order");
    expect(await turns("in-order")).toEqual({ failed: 5 });
    shop.broken.clear();
    shop.forget();
    await redrive("in-order");
    for (const id of ids) await is("in-order", id, "done");
    expect(shop.began).toEqual([1, 2, 3, 4, 5]);
    expect(shop.most()).toBe(1);
  });

  it("keeps to the limits", async () => {
    const numbers = Array.from({ length: 12 }, (_, n) => n + 1);
    const shop = workshop(numbers);
    await world.start([keyed("limited", { concurrency: { limit: 2 } })], { work: shop.work });
    const ids = await started("limited", 12);
    for (const id of ids) await is("limited", id, "failed");
    await settled("limited");
    shop.broken.clear();
    shop.forget();
    await redrive("limited");
    for (const id of ids) await is("limited", id, "done");
    expect(shop.most()).toBe(2);
    expect(shop.began.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  it("of what was debounced is no reason to drop what waits now", async () => {
    const shop = workshop([1]);
    await world.start([keyed("settled", { debounce: { key: '"d"', pauseMs: 200 } })], { work: shop.work });
    const first = await startWorkflow(world.client, "settled", { input: { n: 1 } });
    await is("settled", first, "failed");
    await settled("settled");
    shop.broken.clear();
    const second = await startWorkflow(world.client, "settled", { input: { n: 2 } });
    await value("enginejs.retry_run($1)", first);
    await is("settled", first, "done");
    await is("settled", second, "done");
  });
});
