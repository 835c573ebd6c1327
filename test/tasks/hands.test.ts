/** Who does a run: the relay's own process while it has a hand free, and whoever has one when it has not. */
import type pg from "pg";
import { describe, expect, test } from "vitest";
import { BUSY_FAILPOINTS, type Failpoint } from "../../src/tasks/failpoint.ts";
import {
  createInvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

/** Takes a hand of its worker for as long as it likes. */
const slow = workflowOf({
  name: "slow",
  trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
  nodes: [{ id: "call", kind: "task", task: "slow", input: {} }],
});
/** Over at once; as it has no condition, the relay takes its events in a single statement. */
const quick = workflowOf({
  name: "quick",
  as: "system",
  trigger: { kind: "model", entity: "Customer", event: "create" },
  nodes: [
    { id: "call", kind: "task", task: "send-invoice", input: { id: "record.id" } },
    { id: "said", kind: "log", level: "debug", message: "done", values: {} },
  ],
});
/** Of the workers of these tests. */
const hands = 5;

async function makeWorld() {
  const database = await createInvoicingDatabase();
  const client: pg.Client = await database.client();
  await recordBuild(client, { ...(await loadInvoicing()), workflows: [slow, quick] });
  const workers: WorkerProcess[] = [];
  const effects = async (kind: string) =>
    (await client.query<{ key: string }>("select key from test.effects where kind = $1", [kind])).rows.map(
      ({ key }) => key,
    );
  const started = async (kind: string, n: number) =>
    eventually(`${n} begins of ${kind}`, async () => (await effects(kind)).length >= n);
  return {
    client,
    effects,
    started,
    start(environment?: Readonly<Record<string, string>>): WorkerProcess {
      const worker = startWorkerProcess(database, environment);
      workers.push(worker);
      return worker;
    },
    /** A run for each hand of the only worker, none of which ends. */
    async fill() {
      for (let n = 0; n < hands; n++) await pay(client, await makeInvoice(client, `inv-${n}`));
      await started("slow", hands);
    },
    addCustomers: (n: number) =>
      client.query(
        "insert into app.customer (tenant_id, name, email) select $1, 'c' || n, n || '@example.com' from generate_series(1, $2) n",
        [ids.tenant, n],
      ),
    statuses: async () =>
      (
        await client.query<{ workflow: string; status: string; n: number }>(
          "select workflow, status, count(*)::int as n from enginejs.workflow_runs group by 1, 2 order by 1, 2",
        )
      ).rows,
    noJobs: () =>
      eventually(
        "no job left",
        async () => (await client.query("select from graphile_worker._private_jobs")).rowCount === 0,
      ),
    async end() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await database.drop();
    },
  };
}

const it = test.extend<{ world: Awaited<ReturnType<typeof makeWorld>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern
  world: async ({}, use) => {
    const world = await makeWorld();
    await use(world);
    await world.end();
  },
});

describe("hands", { concurrent: true }, () => {
  it("a run that a hand is free for begins without a job", async ({ world }) => {
    await world.client.query(`create table test.jobs (id bigint);
      create function test.count_job() returns trigger language plpgsql security definer as $$
        begin insert into test.jobs values (new.id); return null; end $$;
      create trigger count_job after insert on graphile_worker._private_jobs for each row execute function test.count_job()`);
    await world.start().ready;
    await world.addCustomers(20);
    await eventually("20 runs done", async () => (await world.statuses())[0]?.n === 20);
    expect(await world.statuses()).toEqual([{ workflow: "quick", status: "done", n: 20 }]);
    expect((await world.client.query("select from test.jobs")).rowCount).toBe(0);
  });

  it("what the relay's process has no hand for goes to a worker that has", async ({ world }) => {
    await world.start({ SLOW: "1000000" }).ready;
    await world.fill();
    await world.start().ready;
    await world.addCustomers(100);
    await eventually("100 runs of the other worker", async () => {
      const quickRuns = (await world.statuses()).filter(({ workflow }) => workflow === "quick");
      return quickRuns.length === 1 && quickRuns[0]?.status === "done" && quickRuns[0].n === 100;
    });
    // Meanwhile the first one was at its own.
    expect(await world.statuses()).toContainEqual({ workflow: "slow", status: "processing", n: hands });
    expect(await world.effects("send-invoice")).toHaveLength(100);
    await world.noJobs();
  });

  it("runs that wait for a hand are shown, also where there is no other worker", async ({ world }) => {
    await world.start({ SLOW: "1000000" }).ready;
    await world.fill();
    await world.addCustomers(3);
    await eventually("three that are queued", async () =>
      (await world.statuses()).some(
        ({ workflow, status, n }) => workflow === "quick" && status === "pending" && n === 3,
      ),
    );
  });

  const places: readonly Failpoint[] = [...BUSY_FAILPOINTS, "relay:before-take", "relay:after-commit"];
  for (const place of places) {
    it(`SIGKILL at ${place}, with no hand free and no condition to evaluate`, async ({ world }) => {
      const onBusy = BUSY_FAILPOINTS.some((name) => name === place);
      const killed = world.start({ SLOW: "1000000", ENGINEJS_FAILPOINT: place });
      if (onBusy) {
        await killed.ready;
        await world.fill();
      }
      await world.addCustomers(10);
      expect(await killed.ended).toBe("SIGKILL");
      const died = Date.now();
      await world.start({ SLOW: "1" }).ready;
      const runs = [
        { workflow: "quick", status: "done", n: 10 },
        ...(onBusy ? [{ workflow: "slow", status: "done", n: hands }] : []),
      ];
      await eventually("all of them done", async () => JSON.stringify(await world.statuses()) === JSON.stringify(runs));
      console.log(`recovered ${Date.now() - died} ms after a death at ${place}, with the start of a process`);
      const keys = await world.effects("send-invoice");
      expect(new Set(keys).size).toBe(10);
      // None of them had begun anything: once each.
      expect(keys).toHaveLength(10);
      await world.noJobs();
    });
  }
});
