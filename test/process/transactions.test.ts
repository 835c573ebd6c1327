/**
 * Nodes of one transaction: all of them or none, with all their checkpoints. The worker is killed between two of them and
 * at each statement; another one comes after it.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Failpoint } from "../../src/tasks/failpoint.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "../tasks/support/worker.ts";
import { compiled } from "./support/orders-model.ts";
import { createProcessDatabase, endedRun, start } from "./support/process-database.ts";

const project = join(import.meta.dirname, "orders");
const type = (name: string) => ({ [name]: "Row" });

/** Two orders and a message in one transaction, what is computed between them as well; then one by itself. */
const process = {
  kind: "process",
  name: "orders.pair",
  version: 1,
  type: "databaseWorkflow",
  execution: { model: "async" },
  $defs: {
    Int: { type: "integer" },
    Row: {
      type: "object",
      properties: { id: { type: "string" }, total: { type: "integer" } },
      required: ["id", "total"],
    },
  },
  input: "Int",
  outputs: { pair: "Row" },
  uses: { databases: { main: ["transaction", "write"] }, queues: { pairs: ["publish"] } },
  nodes: {
    start: { op: "start", out: { n: "Int" } },
    first: {
      op: "db.insert",
      entity: "Order",
      tx: "t",
      in: { n: "Int" },
      values: { status: '"first"', total: "n" },
      out: type("row"),
    },
    double: { op: "compute", in: { row: "Row" }, expr: "row.total * 2", out: { value: "Int" } },
    second: {
      op: "db.insert",
      entity: "Order",
      tx: "t",
      in: { n: "Int" },
      values: { status: '"second"', total: "n" },
      out: type("row"),
    },
    tell: {
      op: "queue.publish",
      queue: "pairs",
      tx: "t",
      in: { a: "Row", b: "Row" },
      message: { a: "a.id", b: "b.id" },
      out: { b: "Row" },
    },
    third: {
      op: "db.insert",
      entity: "Order",
      in: { row: "Row" },
      values: { status: '"third"', total: "100 / (row.total - 14)" },
      out: type("made"),
    },
    done: { op: "output", in: { value: "Row" }, output: "pair" },
  },
  edges: [
    ["start.n", "first.n"],
    ["first.row", "double.row"],
    ["double.value", "second.n"],
    ["first.row", "tell.a"],
    ["second.row", "tell.b"],
    ["tell.b", "third.row"],
    ["third.made", "done.value"],
  ],
};

const failpoints: readonly Failpoint[] = [
  "database:after-begin-request",
  "database:after-statement",
  "transaction:between-steps",
  "database:after-checkpoint",
  "database:after-commit",
];

describe("SIGKILL", { concurrent: true }, () => {
  it.for(failpoints)("at %s", async (failpoint) => {
    const { system, findings } = await compiled(JSON.stringify(process));
    expect(findings).toEqual([]);
    const database = await createProcessDatabase(system);
    let killed: WorkerProcess | undefined;
    let heir: WorkerProcess | undefined;
    try {
      const client = await database.client();
      killed = startWorkerProcess(database, { PROJECT: project, ENGINEJS_FAILPOINT: failpoint }, "project-worker.ts");
      const id = await start(client, "orders.pair", 6);
      expect(await killed.ended).toBe("SIGKILL");
      const { rows: meanwhile } = await client.query("select from app.orders");
      expect(meanwhile).toHaveLength(failpoint === "database:after-commit" ? 2 : 0);
      heir = startWorkerProcess(database, { PROJECT: project }, "project-worker.ts");
      const run = await eventually("the run ends", () => endedRun(client, id));
      expect(run).toMatchObject({ status: "done", output: { total: -50 } });
      const { rows } = await client.query("select status, total::int from app.orders order by created_at, id");
      expect(rows).toEqual([
        { status: "first", total: 6 },
        { status: "second", total: 12 },
        { status: "third", total: -50 },
      ]);
      const { rows: sent } = await client.query("select from enginejs.workflow_events where model = 'queue:pairs'");
      expect(sent).toHaveLength(1);
      const { rows: steps } = await client.query(
        "select step from enginejs.workflow_run_steps where run_id = $1 and step !~ ':' order by step",
        [id],
      );
      expect(steps.map(({ step }) => step)).toEqual(["double", "first", "second", "tell", "third"]);
    } finally {
      await Promise.all([killed?.kill(), heir?.kill()]);
      await database.drop();
    }
  });
});

describe("a failure", () => {
  it("of a later node takes back what the ones before it did; behind the transaction it does not", async () => {
    const broken = structuredClone(process) as typeof process & { retry?: object };
    broken.retry = { attempts: 2, initial: "PT0.05S" };
    broken.nodes.second.values.total = "9000000000 * 9000000000 * n";
    const { system, findings } = await compiled(
      JSON.stringify({ ...broken, name: "orders.broken" }),
      JSON.stringify({ ...process, retry: broken.retry }),
    );
    expect(findings).toEqual([]);
    const database = await createProcessDatabase(system);
    const worker = startWorkerProcess(database, { PROJECT: project }, "project-worker.ts");
    try {
      const client = await database.client();
      const inside = await start(client, "orders.broken", 6);
      expect(await eventually("it fails", () => endedRun(client, inside))).toMatchObject({ status: "failed" });
      expect((await client.query("select from app.orders")).rows).toEqual([]);
      // 100 / (14 - 14): no number, and total is required.
      const behind = await start(client, "orders.pair", 7);
      expect(await eventually("it fails", () => endedRun(client, behind))).toMatchObject({ status: "failed" });
      const { rows } = await client.query("select status from app.orders order by created_at, id");
      expect(rows.map(({ status }) => status)).toEqual(["first", "second"]);
    } finally {
      await worker.terminate();
      await database.drop();
    }
  });
});
