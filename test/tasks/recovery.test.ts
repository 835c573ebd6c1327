/** Workers as processes: killed, stopped, frozen, cut off. */
import type pg from "pg";
import { describe, expect, test } from "vitest";
import type { Workflow, WorkflowNode } from "../../src/model/index.ts";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

const calling = (task: string, change: Partial<Workflow> = {}): Workflow =>
  workflowOf({
    name: task,
    trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
    nodes: [{ id: "call", kind: "task", task, input: {} }],
    ...change,
  });

/** A database of its own for each test, which mostly waits: they run at the same time. */
async function makeWorld() {
  const database: InvoicingDatabase = await createInvoicingDatabase();
  const client: pg.Client = await database.client();
  const system = await loadInvoicing();
  const workers: WorkerProcess[] = [];
  const statuses = async () =>
    (
      await client.query<{ status: string; n: number }>(
        "select status, count(*)::int as n from enginejs.workflow_runs group by 1 order by 1",
      )
    ).rows;
  return {
    database,
    client,
    statuses,
    start(environment?: Readonly<Record<string, string>>): WorkerProcess {
      const worker = startWorkerProcess(database, environment);
      workers.push(worker);
      return worker;
    },
    build: (...workflows: Workflow[]) => recordBuild(client, { ...system, workflows }),
    allDone: (runs: number) =>
      eventually(`${runs} runs done`, async () => {
        const [first, ...others] = await statuses();
        return first?.status === "done" && first.n === runs && others.length === 0;
      }),
    effects: async (kind: string) =>
      (
        await client.query<{ key: string }>("select key from test.effects where kind = $1 order by id", [kind])
      ).rows.map(({ key }) => key),
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

describe("workers as processes", { concurrent: true }, () => {
  it("another worker takes over the run of a killed one", async ({
    world: { client, start, build, allDone, effects },
  }) => {
    await build(calling("slow", { as: "system" }));
    const [first, second] = [start({ SLOW: "12000" }), start({ SLOW: "12000" })];
    await Promise.all([first.ready, second.ready]);
    // Whoever gets it is the one to kill.
    await pay(client, await makeInvoice(client, "inv-1"));
    await eventually("a start", async () => (await effects("slow")).length === 1);
    const { rows } = await client.query<{ process_id: number }>(
      `select w.process_id from enginejs.workflow_runs_active r join enginejs.workflow_workers w on w.id = r.worker_id`,
    );
    const holder = [first, second].find(({ process }) => process.pid === rows[0]?.process_id);
    const killedAt = Date.now();
    expect(await holder?.kill()).toBe("SIGKILL");
    await eventually("a second start", async () => (await effects("slow")).length === 2);
    console.log(`taken over ${Date.now() - killedAt} ms after the kill`);
    // The same key for both attempts.
    expect(new Set(await effects("slow")).size).toBe(1);
    await allDone(1);
  });

  it("two workers: one relay leads, each run happens once, and the other relay takes over", async ({
    world: { client, start, allDone, effects },
  }) => {
    const workers = [start(), start()];
    await Promise.all(workers.map(({ ready }) => ready));
    const leaders = async () =>
      (
        await client.query<{ process_id: number }>(
          `select w.process_id from pg_locks l join enginejs.workflow_workers w on w.relay_backend = l.pid
          where l.locktype = 'advisory' and l.classid = 7714001 and l.granted
            and l.database = (select oid from pg_database where datname = current_database())`,
        )
      ).rows;
    await eventually("a leader", async () => (await leaders()).length > 0);
    expect(await leaders()).toHaveLength(1);
    const first = Array.from({ length: 30 }, (_, i) => `inv-a${i}`);
    for (const number of first) await pay(client, await makeInvoice(client, number));
    const [{ process_id: leading } = { process_id: 0 }] = await leaders();
    await workers.find(({ process }) => process.pid === leading)?.kill();
    const second = Array.from({ length: 30 }, (_, i) => `inv-b${i}`);
    for (const number of second) await pay(client, await makeInvoice(client, number));
    await allDone(60);
    expect((await leaders()).map(({ process_id }) => process_id)).not.toContain(leading);
    const { rows } = await client.query(
      "select count(*)::int as n, count(distinct invoice_id)::int as distinct from app.receipt",
    );
    expect(rows).toEqual([{ n: 60, distinct: 60 }]);
    expect(new Set(await effects("send-receipt")).size).toBe(60);
  });

  it("SIGTERM: runs under way are told, put back without a failure, and the next worker goes on", async ({
    world: { client, statuses, start, build, allDone, effects },
  }) => {
    await build(calling("slow", { as: "system", retry: { attempts: 1, backoff: "fixed", initialMs: 1, maxMs: 1 } }));
    const first = start({ SLOW: "1000000" });
    await first.ready;
    await pay(client, await makeInvoice(client, "inv-1"));
    await eventually("a start", async () => (await effects("slow")).length === 1);
    expect(await first.terminate()).toBe(0);
    expect(first.log.at(-1)?.message).toBe("stopped");
    expect(await statuses()).toEqual([{ status: "waiting", n: 1 }]);
    expect((await client.query("select from enginejs.workflow_workers")).rows).toEqual([]);
    start({ SLOW: "1" });
    await allDone(1);
  });

  it("a task that kills its process fails, in the end, and others are not held up", async ({
    world: { client, statuses, start, build },
  }) => {
    await build(calling("poison", { as: "system" }), calling("slow", { as: "system" }));
    await pay(client, await makeInvoice(client, "inv-1"));
    // Four deaths have been seen already: what is left is one real one.
    const first = start({ SLOW: "1" });
    expect(await first.ended).toBe("SIGKILL");
    await client.query(
      "update enginejs.workflow_runs_active set crashes = 4 where definition_id in (select id from enginejs.workflow_definitions where name = 'poison')",
    );
    start({ SLOW: "1" });
    await eventually("both ended", async () => {
      const rows = await statuses();
      return rows.length === 2 && rows[0]?.status === "done" && rows[1]?.status === "failed";
    });
    const { rows } = await client.query("select workflow, error from enginejs.workflow_dead_letters");
    expect(rows).toEqual([{ workflow: "poison", error: "its worker died 5 times in a row while it ran" }]);
  });

  it("runs that have died together three times come back one by one, so that the deadly one takes no other with it", async ({
    world: { client, start, build, effects },
  }) => {
    await build(calling("slow", { as: "system" }));
    const worker = start({ SLOW: "1000000" });
    await worker.ready;
    for (const number of ["inv-1", "inv-2"]) await pay(client, await makeInvoice(client, number));
    await eventually("two starts", async () => (await effects("slow")).length === 2);
    await client.query("update enginejs.workflow_runs_active set crashes = 2");
    await worker.kill();
    // Nobody needs to wait until its heartbeat is old.
    await client.query("delete from enginejs.workflow_workers");
    await client.query("select enginejs.workflow_reap(5)");
    const { rows } = await client.query<{ status: string; crashes: number; wait: number }>(
      "select status, crashes, extract(epoch from next_run_at - since)::float8 as wait from enginejs.workflow_runs_active",
    );
    expect(rows.map(({ status, crashes }) => ({ status, crashes }))).toEqual([
      { status: "waiting", crashes: 3 },
      { status: "waiting", crashes: 3 },
    ]);
    expect(rows[0]?.wait).not.toBe(rows[1]?.wait);
    expect(Math.max(...rows.map(({ wait }) => wait))).toBeLessThanOrEqual(8.1);
    start({ SLOW: "1" });
    await eventually("both again", async () => (await effects("slow")).length === 4);
  });

  it("what a run did that kills its process is undone, and a compensation that kills it too ends", async ({
    world: { client, statuses, start, build },
  }) => {
    const undo = (body: WorkflowNode): WorkflowNode => ({
      id: "undo",
      kind: "compensate",
      of: "receipt",
      body: { nodes: [body], edges: [] },
    });
    const deadly = (name: string, compensation: WorkflowNode) =>
      calling("poison", {
        name,
        as: "system",
        nodes: [
          { id: "receipt", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "1" } },
          undo(compensation),
          { id: "call", kind: "task", task: "poison", input: {} },
        ],
      });
    const seen = (deaths: number) =>
      client.query("update enginejs.workflow_runs_active set crashes = $1, crashed_after = 1", [deaths]);
    await build(deadly("undone", { id: "remove", kind: "crud.delete", entity: "Receipt", row: "receipt.id" }));
    await pay(client, await makeInvoice(client, "inv-1"));
    expect(await start().ended).toBe("SIGKILL");
    await seen(4);
    const second = start();
    await eventually("undone", async () => (await statuses())[0]?.status === "failed");
    expect((await client.query("select from app.receipt")).rows).toEqual([]);

    await build(deadly("stuck", { id: "again", kind: "task", task: "poison", input: {} }));
    await pay(client, await makeInvoice(client, "inv-2"));
    expect(await second.ended).toBe("SIGKILL");
    await seen(4);
    expect(await start().ended).toBe("SIGKILL");
    await seen(4);
    start();
    await eventually("stuck", async () => (await statuses())[0]?.n === 2);
    const { rows } = await client.query("select workflow, error from enginejs.workflow_dead_letters order by event_id");
    const error = "its worker died 5 times in a row while it ran";
    expect(rows).toEqual([
      { workflow: "undone", error },
      { workflow: "stuck", error: `${error}; its worker died 5 times in a row while it was undone` },
    ]);
  });

  it("a frozen worker is replaced, and does no harm when it wakes", async ({
    world: { client, start, build, allDone, effects },
  }) => {
    await build(
      workflowOf({
        name: "frozen",
        trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
        nodes: [
          { id: "call", kind: "task", task: "slow", input: {} },
          { id: "receipt", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "1" } },
        ],
      }),
    );
    const frozen = start({ SLOW: "1500" });
    await frozen.ready;
    await pay(client, await makeInvoice(client, "inv-1"));
    await eventually("a start", async () => (await effects("slow")).length === 1);
    frozen.process.kill("SIGSTOP");
    const heir = start({ SLOW: "1" });
    await heir.ready;
    // It keeps its connections, so only its silence tells: 15 seconds.
    await allDone(1);
    frozen.process.kill("SIGCONT");
    await eventually("its waking", async () =>
      frozen.log.find(({ message }) => /lease of a run was lost|registers anew/.test(message)),
    );
    // It works again, under a new name.
    await eventually(
      "two workers",
      async () => (await client.query("select from enginejs.workflow_workers")).rowCount === 2,
    );
    for (let i = 2; i <= 6; i++) await pay(client, await makeInvoice(client, `inv-${i}`));
    await allDone(6);
    const { rows } = await client.query("select count(*)::int as n from app.receipt");
    expect(rows).toEqual([{ n: 6 }]);
    expect(await frozen.terminate()).toBe(0);
    expect(await heir.terminate()).toBe(0);
  });

  it("connections that are cut again and again cost nothing but time", async ({
    world: { database, client, start, allDone, effects },
  }) => {
    // The worker's connections are not the builder's to end.
    const administrator = await database.administrator();
    const worker = start();
    await worker.ready;
    for (let i = 0; i < 40; i++) {
      await pay(client, await makeInvoice(client, `inv-${i}`));
      if (i % 4 === 0) {
        await administrator.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and application_name in ('enginejs worker', 'enginejs worker steps', 'enginejs worker jobs', 'enginejs relay', 'enginejs heartbeat', 'enginejs doorbell')
          and random() < 0.7`,
        );
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    }
    const cut = Date.now();
    await allDone(40);
    console.log(`all done ${Date.now() - cut} ms after the last cut`);
    const { rows } = await client.query(
      "select count(*)::int as n, count(distinct invoice_id)::int as distinct from app.receipt",
    );
    expect(rows).toEqual([{ n: 40, distinct: 40 }]);
    expect(new Set(await effects("send-receipt")).size).toBe(40);
    await eventually(
      "no job left",
      async () => (await client.query("select from graphile_worker._private_jobs")).rowCount === 0,
    );
    expect(await worker.terminate()).toBe(0);
  });

  it("a job that somebody deleted is made anew", async ({ world: { client, start, allDone } }) => {
    const invoice = await makeInvoice(client, "inv-1");
    await pay(client, invoice);
    // What the relay does, and then the job is gone.
    await client.query("select * from enginejs.workflow_relay(0, 100, 1000)");
    await client.query("delete from graphile_worker._private_jobs");
    start();
    await allDone(1);
  });
});
