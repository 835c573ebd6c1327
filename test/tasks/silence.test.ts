/** Connections that fall silent without being closed: what was begun goes on over others, within 20 s. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { workflowOf } from "./support/invoicing-database.ts";
import { SilentProxy } from "./support/silent-proxy.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
let locker: pg.Client;
let proxy: SilentProxy;
let worker: RunningWorker | undefined;
beforeAll(async () => {
  world = await WorkflowWorld.make();
  locker = await world.database.client();
});
afterEach(async () => {
  await locker.query("rollback");
  // First what is silent, which would be waited for.
  proxy.close();
  await worker?.stop();
});
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const noted = workflowOf({
  name: "noted",
  trigger: onPay,
  nodes: [
    { id: "ask", kind: "task", task: "ask", input: {} },
    {
      id: "note",
      kind: "db.update",
      entity: "Invoice",
      where: "row.id == record.id",
      values: { number: "record.number + '.x'" },
    },
  ],
});

const warnings: string[] = [];
const silent = () => undefined;
async function begin(task: () => unknown): Promise<void> {
  await world.build([noted]);
  proxy = await SilentProxy.before(world.database.workerUrl);
  worker = await startWorker({
    url: proxy.url,
    tasks: new Map([["ask", task]]),
    log: {
      debug: silent,
      info: silent,
      warn: (message) => void warnings.push(message),
      error: silent,
    },
    patience: 1_000,
  });
  const leader = worker;
  await eventually("its relay leads", async () => leader.leading);
}

/** In seconds: 20, and what a loaded machine adds. TCP alone would take a quarter of an hour. */
const LIMIT = 90;
const done = (invoice: string) =>
  eventually(
    "the run is done",
    async () => {
      const run = await world.run("noted", invoice);
      return run?.status === "done" ? run : undefined;
    },
    LIMIT,
  );

it("all of them at once, while nothing happens: the next event has its run", async () => {
  await begin(() => null);
  const first = await world.paid();
  await done(first);
  expect(proxy.fallSilent()).toBeGreaterThan(4);
  const invoice = await world.paid();
  expect(await done(invoice)).toMatchObject({ attempts: expect.any(Number), error: null });
  expect(warnings.join("\n")).toContain("PostgreSQL's answer is lost");
  // The old relay's session is not left to hold its lock.
  const { rows } = await world.client.query(
    "select from pg_locks l where l.locktype = 'advisory' and l.classid = 7714001 and l.database = (select oid from pg_database where datname = current_database())",
  );
  expect(rows).toHaveLength(1);
});

it("in the middle of a step's statement: it is done once, and is no failure of the step's", async () => {
  await begin(async () => {
    await locker.query("begin");
    await locker.query("select from app.invoice for update");
  });
  const invoice = await world.paid();
  const administrator = await world.database.administrator();
  await eventually("the step waits for the lock", async () => {
    const { rowCount } = await administrator.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and application_name = 'enginejs worker steps'",
    );
    return rowCount === 1;
  });
  warnings.length = 0;
  proxy.fallSilent();
  await locker.query("rollback");
  await done(invoice);
  const { rows } = await world.client.query(
    "select from enginejs.workflow_events where record_id = $1 and action = 'update' and origin ->> 'runId' is not null",
    [invoice],
  );
  expect(rows).toHaveLength(1);
  expect(warnings.join("\n")).not.toContain("step failed");
});

it("after an outside step: its result is kept, and it is not done again", async () => {
  let asked = 0;
  await begin(() => {
    asked += 1;
    proxy.fallSilent();
    return { asked };
  });
  const invoice = await world.paid();
  await done(invoice);
  expect(asked).toBe(1);
});

it("with no way to the server at all for ten seconds: it takes up its work again when there is one", async () => {
  await begin(() => null);
  warnings.length = 0;
  proxy.cutOff = true;
  proxy.fallSilent();
  const invoice = await world.paid();
  await eventually("they are given up", async () => warnings.some((line) => line.includes("answer is lost")), LIMIT);
  proxy.cutOff = false;
  await done(invoice);
});
