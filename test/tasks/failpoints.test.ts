/**
 * A worker is killed by SIGKILL at each place between two statements that matter; another one comes after it. Then
 * nothing is lost and nothing doubled.
 */
import { describe, expect, it } from "vitest";
import { FAILPOINTS } from "../../src/tasks/failpoint.ts";
import {
  createInvoicingDatabase,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

/** Beside the example's own workflow: one with a condition, whose task fails twice and is not the last step: that has no checkpoint of its own. */
const shaky = workflowOf({
  name: "shaky-on-paid",
  trigger: {
    kind: "model",
    entity: "Invoice",
    event: "action",
    action: "pay",
    condition: 'before.status == "sent" && after.status == "paid"',
  },
  nodes: [
    { id: "shaky", kind: "task", task: "shaky", input: {} },
    { id: "said", kind: "log", level: "debug", message: "done", values: {} },
  ],
});

const recoveries: string[] = [];

describe("SIGKILL", { concurrent: true }, () => {
  it.for(FAILPOINTS)("at %s", async (failpoint) => {
    const database = await createInvoicingDatabase();
    let killed: WorkerProcess | undefined;
    let heir: WorkerProcess | undefined;
    try {
      const client = await database.client();
      const system = await loadInvoicing();
      await recordBuild(client, { ...system, workflows: [...system.workflows, shaky] });
      killed = startWorkerProcess(database, { ENGINEJS_FAILPOINT: failpoint });
      const invoice = await makeInvoice(client, "inv-1");
      await pay(client, invoice);
      expect(await killed.ended).toBe("SIGKILL");

      const started = Date.now();
      heir = startWorkerProcess(database);
      await heir.ready;
      const ready = Date.now();
      await eventually(`everything done after a death at ${failpoint}`, async () => {
        const { rows } = await client.query(
          "select from enginejs.workflow_events_outbox where status in ('pending', 'processing')",
        );
        return rows.length === 0;
      });
      recoveries.push(
        `${failpoint}: ${Date.now() - ready} ms (${Date.now() - started} ms with the start of a process)`,
      );

      const { rows: runs } = await client.query<{ workflow: string; status: string; error: string | null }>(
        "select workflow, status, error from enginejs.workflow_runs order by workflow",
      );
      expect(runs).toEqual([
        { workflow: "receipt-on-paid", status: "done", error: null },
        { workflow: "shaky-on-paid", status: "done", error: null },
      ]);
      // A database step happened once.
      const { rows: receipts } = await client.query("select invoice_id from app.receipt");
      expect(receipts).toEqual([{ invoice_id: invoice }]);
      // An outside step at least once, always under one key.
      const { rows: mails } = await client.query("select distinct key from test.effects where kind = 'send-receipt'");
      expect(mails).toHaveLength(1);
      // A result that was kept was not computed again: the mail's step ran at most twice, whatever died.
      const { rows: counted } = await client.query<{ kind: string; n: number }>(
        "select kind, count(*)::int as n from test.effects group by kind order by kind",
      );
      expect(counted[0]?.n).toBeLessThanOrEqual(2);
      expect(counted[1]?.n).toBeGreaterThanOrEqual(3);
      expect(counted[1]?.n).toBeLessThanOrEqual(4);
      // Jobs are gone as well, once their completion was written.
      await eventually("no job left", async () => {
        const { rows } = await client.query("select from graphile_worker._private_jobs");
        return rows.length === 0;
      });
      expect(await heir.terminate()).toBe(0);
    } finally {
      await Promise.all([killed?.kill(), heir?.kill()]);
      await database.drop();
    }
  });
});

describe("recovery", () => {
  it("is a matter of seconds", () => {
    console.log(`Recovered after a death at\n  ${recoveries.join("\n  ")}`);
    expect(recoveries).toHaveLength(FAILPOINTS.length);
  });
});
