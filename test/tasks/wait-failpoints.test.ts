/**
 * A worker is killed by SIGKILL at each place that only runs come by which wait, start others, or are undone; another one
 * comes after it. Then nothing is lost and nothing doubled.
 */
import { describe, expect, it } from "vitest";
import type { Workflow, WorkflowNode } from "../../src/model/index.ts";
import { WAIT_FAILPOINTS } from "../../src/tasks/failpoint.ts";
import {
  createInvoicingDatabase,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

const count = (id: string): WorkflowNode => ({ id, kind: "task", task: "send-invoice", input: { id: "record.id" } });
const receipt = (id: string, amount: string): WorkflowNode => ({
  id,
  kind: "crud.create",
  entity: "Receipt",
  values: { invoice: "record.id", amount },
});
const customer = (id: string): WorkflowNode => ({
  id,
  kind: "crud.create",
  entity: "Customer",
  values: { name: '"undone"', email: '"undone@example.com"' },
});

/** Sleeps, starts another one and waits for it, waits for a signal, and fails: then what it did is undone. */
const traveller: Workflow = {
  ...workflowOf({
    name: "traveller",
    trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
    nodes: [
      receipt("first", "1"),
      { id: "nap", kind: "sleep", until: { ms: 50 } },
      { id: "sub", kind: "startWorkflow", workflow: "errand", input: { id: "record.id" }, wait: true },
      { id: "wait", kind: "waitForSignal", signal: "go", key: "record.id" },
      { id: "stop", kind: "fail", error: "Enough", values: {} },
    ],
  }),
};
const undo: WorkflowNode = {
  id: "undoFirst",
  kind: "compensate",
  of: "first",
  body: {
    nodes: [{ id: "restNap", kind: "sleep", until: { ms: 50 } }, customer("second"), count("told")],
    edges: [
      { from: "restNap", to: "second" },
      { from: "second", to: "told" },
    ],
  },
};
const errand: Workflow = {
  ...workflowOf({
    name: "errand",
    trigger: { kind: "manual" },
    as: "system",
    nodes: [
      { id: "pause", kind: "sleep", until: { ms: 50 } },
      { id: "say", kind: "log", level: "info", message: "errand", values: { id: "input.id" } },
    ],
  }),
  input: { type: "object", properties: { id: { type: "string" } } },
};

describe("SIGKILL", { concurrent: true }, () => {
  it.for(WAIT_FAILPOINTS)("at %s", async (failpoint) => {
    const database = await createInvoicingDatabase();
    let killed: WorkerProcess | undefined;
    let heir: WorkerProcess | undefined;
    try {
      const client = await database.client();
      const system = await loadInvoicing();
      await recordBuild(client, {
        ...system,
        workflows: [{ ...traveller, nodes: [...traveller.nodes, undo] }, errand],
      });
      killed = startWorkerProcess(database, { ENGINEJS_FAILPOINT: failpoint });
      const invoice = await makeInvoice(client, "inv-1");
      await pay(client, invoice);
      // Kept until it waits; where the death comes first, the heir takes it.
      await client.query("select enginejs.workflow_signal('go', $1)", [invoice]);
      expect(await killed.ended).toBe("SIGKILL");
      heir = startWorkerProcess(database);
      await heir.ready;
      await eventually(`an end after a death at ${failpoint}`, async () => {
        const { rows } = await client.query("select from enginejs.workflow_runs where finished_at is null");
        const { rows: finished } = await client.query("select from enginejs.workflow_runs");
        return rows.length === 0 && finished.length >= 2;
      });
      const { rows: runs } = await client.query(
        "select workflow, status, failed_step, error from enginejs.workflow_runs order by workflow",
      );
      expect(runs).toEqual([
        { workflow: "errand", status: "done", failed_step: null, error: null },
        {
          workflow: "traveller",
          status: "failed",
          failed_step: "stop",
          error: expect.stringMatching(/^EJS6015: Enough[^;]*$/),
        },
      ]);
      const { rows: receipts } = await client.query(
        "select 'receipt' as made from app.receipt union all select name from app.customer where name = 'undone'",
      );
      expect(receipts).toEqual([{ made: "receipt" }, { made: "undone" }]);
      const { rows: told } = await client.query<{ n: number; keys: number }>(
        "select count(*)::int as n, count(distinct key)::int as keys from test.effects where kind = 'send-invoice'",
      );
      expect(told[0]?.keys).toBe(1);
      expect(told[0]?.n).toBeLessThanOrEqual(2);
      expect((await client.query("select from enginejs.workflow_waits")).rowCount).toBe(0);
      expect((await client.query("select from enginejs.workflow_signals")).rowCount).toBe(0);
      expect(await heir.terminate()).toBe(0);
    } finally {
      await Promise.all([killed?.kill(), heir?.kill()]);
      await database.drop();
    }
  });
});
