/**
 * The places of failpoints.test.ts that matter most here. A worker is killed by SIGKILL where a step publishes and where a workflow consumes; another one comes after it. Then there is
 * one message, one run of it for each consumer, one row, and the outside was always called under one key.
 */
import { describe, expect, it } from "vitest";
import type { Queue, Workflow } from "../../src/model/index.ts";
import type { Failpoint } from "../../src/tasks/failpoint.ts";
import {
  asUser,
  createInvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

const message: NonNullable<Queue["message"]> = {
  type: "object",
  properties: { invoice: { type: "string", format: "uuid" }, amount: { type: "integer" } },
  required: ["invoice", "amount"],
};
const queue: Queue = { name: "paid-invoices", message, publishers: ["billing"] };
const announce = workflowOf({
  name: "announce",
  trigger: { kind: "manual" },
  input: message,
  nodes: [
    {
      id: "told",
      kind: "queue.publish",
      queue: queue.name,
      message: { invoice: "input.invoice", amount: "input.amount" },
    },
  ],
});
const consumer: Workflow = workflowOf({
  name: "receipt",
  trigger: { kind: "queue", queue: queue.name },
  input: message,
  nodes: [
    {
      id: "made",
      kind: "crud.create",
      entity: "Receipt",
      values: { invoice: "input.invoice", amount: "input.amount" },
    },
    { id: "sent", kind: "task", task: "send-invoice", input: { id: "input.invoice" } },
    { id: "said", kind: "log", level: "debug", message: "done", values: {} },
  ],
});
const other: Workflow = workflowOf({
  name: "other",
  trigger: { kind: "queue", queue: queue.name },
  input: message,
  nodes: [{ id: "seen", kind: "transform", values: { amount: "input.amount" } }],
});

const PUBLISH: readonly Failpoint[] = [
  "database:after-statement",
  "database:after-checkpoint",
  "database:after-commit",
];
const CONSUME: readonly Failpoint[] = [
  "relay:before-take",
  "relay:after-commit",
  "database:after-statement",
  "task:after-call",
  "checkpoint:after",
  "finish:after",
];
const cases = [
  ...PUBLISH.map((failpoint) => ({ where: "publishes", failpoint })),
  ...CONSUME.map((failpoint) => ({ where: "consumes", failpoint })),
];

describe("SIGKILL", { concurrent: true }, () => {
  it.for(cases)("at $failpoint, where it $where", async ({ where, failpoint }) => {
    const database = await createInvoicingDatabase();
    let killed: WorkerProcess | undefined;
    let heir: WorkerProcess | undefined;
    try {
      const client = await database.client();
      const system = await loadInvoicing();
      await recordBuild(client, { ...system, queues: [queue], workflows: [announce, consumer, other] });
      killed = startWorkerProcess(database, { ENGINEJS_FAILPOINT: failpoint });
      const invoice = await makeInvoice(client, "inv-1");
      const value = JSON.stringify({ invoice, amount: 7 });
      await asUser(client, ids.biller, () =>
        where === "publishes"
          ? // As the platform starts it for him: the failpoint is reached by the step that publishes.
            client
              .query("set local role none")
              .then(() => client.query("select enginejs.workflow_start('announce', $1)", [value]))
          : client.query("select enginejs.publish($1, $2)", [queue.name, value]),
      );
      expect(await killed.ended).toBe("SIGKILL");
      heir = startWorkerProcess(database);
      await heir.ready;
      await eventually(`everything done after a death at ${failpoint}`, async () => {
        const { rows } = await client.query(
          "select from enginejs.workflow_events_outbox where status in ('pending', 'processing')",
        );
        return rows.length === 0;
      });
      const { rows: messages } = await client.query<{ input: unknown }>(
        "select input, actor ->> 'id' as actor from enginejs.workflow_events where model = $1",
        [`queue:${queue.name}`],
      );
      expect(messages).toEqual([{ input: { invoice, amount: 7 }, actor: ids.biller }]);
      const { rows: runs } = await client.query(
        "select workflow, status, count(*)::int as runs from enginejs.workflow_runs where workflow <> 'announce' group by 1, 2 order by 1",
      );
      expect(runs).toEqual([
        { workflow: "other", status: "done", runs: 1 },
        { workflow: "receipt", status: "done", runs: 1 },
      ]);
      const { rows: receipts } = await client.query("select invoice_id, amount::int from app.receipt");
      expect(receipts).toEqual([{ invoice_id: invoice, amount: 7 }]);
      const { rows: sent } = await client.query(
        "select count(distinct key)::int as keys, count(*)::int as calls from test.effects where kind = 'send-invoice'",
      );
      expect(sent[0].keys).toBe(1);
      expect(sent[0].calls).toBeLessThanOrEqual(2);
      const { rows: backlog } = await client.query("select from enginejs.workflow_queue_backlog");
      expect(backlog).toEqual([]);
      expect(await heir.terminate()).toBe(0);
    } finally {
      await Promise.all([killed?.kill(), heir?.kill()]);
      await database.drop();
    }
  });
});
