/**
 * A worker is killed by SIGKILL before and after each statement of a step that gives a signal; another one comes after it. Then the run
 * that waited has it once, and the workflow that it starts was started once.
 */
import { describe, expect, it } from "vitest";
import { type Failpoint, SIGNAL_FAILPOINTS } from "../../src/tasks/failpoint.ts";
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

const places: readonly Failpoint[] = [
  "database:after-begin-request",
  ...SIGNAL_FAILPOINTS,
  "database:after-statement",
  "database:after-checkpoint",
  "database:after-commit",
];

const message = {
  type: "object",
  properties: { invoice: { type: "string", format: "uuid" }, amount: { type: "integer" } },
} as const;

/** No step of it is in the database before it has the signal: where the worker dies, the one that gives it is under way. */
const waiting = workflowOf({
  name: "waiting",
  trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
  nodes: [
    { id: "wait", kind: "waitForSignal", signal: "ready", key: "record.id", payload: message },
    {
      id: "made",
      kind: "crud.create",
      entity: "Receipt",
      values: { invoice: "record.id", amount: "wait.payload.amount + 1" },
    },
  ],
});
const started = workflowOf({
  name: "started",
  trigger: { kind: "signal", signal: "ready" },
  as: "system",
  input: message,
  nodes: [
    {
      id: "known",
      kind: "crud.create",
      entity: "Customer",
      values: { name: '"told"', email: '"told@example.com"' },
    },
  ],
});
const giving = workflowOf({
  name: "giving",
  trigger: { kind: "manual" },
  as: "system",
  input: message,
  nodes: [
    {
      id: "give",
      kind: "signal",
      signal: "ready",
      key: "input.invoice",
      payload: { invoice: "input.invoice", amount: "input.amount" },
    },
    { id: "told", kind: "task", task: "send-invoice", input: { id: "input.invoice" } },
  ],
});

describe("SIGKILL", { concurrent: true }, () => {
  it.for(places)("at %s", { timeout: 180_000 }, async (failpoint) => {
    const database = await createInvoicingDatabase();
    let killed: WorkerProcess | undefined;
    let heir: WorkerProcess | undefined;
    try {
      const client = await database.client();
      await recordBuild(client, { ...(await loadInvoicing()), workflows: [waiting, started, giving] });
      killed = startWorkerProcess(database, { ENGINEJS_FAILPOINT: failpoint });
      const invoice = await makeInvoice(client, "inv-1");
      await pay(client, invoice);
      await eventually("it waits for the signal", async () => {
        const { rowCount } = await client.query("select from enginejs.workflow_waits where kind = 'signal'");
        return rowCount === 1;
      });
      await client.query("select enginejs.workflow_start('giving', $1, actor => $2)", [
        JSON.stringify({ invoice, amount: 10 }),
        JSON.stringify({ kind: "system", id: null, tenant: ids.tenant }),
      ]);
      expect(await killed.ended).toBe("SIGKILL");
      heir = startWorkerProcess(database);
      await heir.ready;
      await eventually(`everything done after a death at ${failpoint}`, async () => {
        const { rows } = await client.query(
          "select from enginejs.workflow_events_outbox where status in ('pending', 'processing')",
        );
        return rows.length === 0;
      });
      const { rows: runs } = await client.query(
        "select workflow, status, error from enginejs.workflow_runs order by workflow",
      );
      expect(runs).toEqual(
        ["giving", "started", "waiting"].map((workflow) => ({ workflow, status: "done", error: null })),
      );
      const { rows: made } = await client.query(
        "select invoice_id::text as of, amount::text as what from app.receipt union all select name, email from app.customer where name = 'told'",
      );
      expect(made).toEqual([
        { of: invoice, what: "11" },
        { of: "told", what: "told@example.com" },
      ]);
      const { rows: given } = await client.query("select output from enginejs.workflow_run_steps where step = 'give'");
      expect(given).toEqual([{ output: { taken: 2 } }]);
      // Nothing is kept for others, and nobody waits any more.
      const { rowCount: left } = await client.query(
        "select from enginejs.workflow_signals union all select from enginejs.workflow_waits",
      );
      expect(left).toBe(0);
      expect(await heir.terminate()).toBe(0);
    } finally {
      await Promise.all([killed?.kill(), heir?.kill()]);
      await database.drop();
    }
  });
});
