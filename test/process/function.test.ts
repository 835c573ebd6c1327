/** A synchronous JSON process of database work: the function that it becomes, against the same file done by the worker. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callWorkflow, type RunningWorker, startWorker, WorkflowFailure } from "../../src/tasks/index.ts";
import { compiled } from "./support/orders-model.ts";
import { createProcessDatabase, type ProcessDatabase, user } from "./support/process-database.ts";

const order = {
  $schema: "https://enginejs.dev/schema/process-1.json",
  kind: "process",
  name: "orders.take",
  version: 1,
  type: "databaseWorkflow",
  execution: { model: "sync" },
  $defs: {
    Int: { type: "integer" },
    Line: {
      properties: { price: { type: "integer" }, qty: { type: "integer" } },
      required: ["price", "qty"],
      type: "object",
    },
    Order: {
      properties: { lines: { items: { $ref: "#/$defs/Line" }, type: "array" } },
      required: ["lines"],
      type: "object",
    },
    Taken: {
      properties: { id: { type: "string" }, total: { type: "integer" } },
      required: ["id", "total"],
      type: "object",
    },
    Total: { properties: { total: { type: "integer" } }, required: ["total"], type: "object" },
    Void: { type: "object" },
  },
  input: "Order",
  outputs: { taken: "Taken" },
  errors: { EmptyOrder: "Void", TooMuch: "Total" },
  uses: { databases: { main: ["write"] } },
  nodes: {
    any: {
      op: "branch",
      in: { order: "Order" },
      cases: [{ port: "yes", when: "size(order.lines) > 0" }],
      else: "no",
      out: { no: "Void", yes: "Order" },
    },
    done: { op: "output", in: { value: "Taken" }, output: "taken" },
    empty: { op: "fail", in: { value: "Void" }, error: "EmptyOrder" },
    much: {
      op: "branch",
      in: { row: "Taken" },
      cases: [{ port: "yes", when: "row.total > 1000" }],
      else: "no",
      out: { no: "Taken", yes: "Taken" },
    },
    price: {
      op: "compute",
      in: { order: "Order" },
      expr: "order.lines.map(l, l.qty * l.price).sum()",
      out: { value: "Int" },
    },
    save: {
      op: "db.insert",
      db: "main",
      entity: "Order",
      in: { total: "Int" },
      values: { status: '"new"', total: "total" },
      out: { row: "Taken" },
    },
    start: { op: "start", out: { order: "Order" } },
    tooMuch: { op: "fail", in: { value: "Taken" }, error: "TooMuch" },
  },
  edges: [
    ["any.no", "empty.value"],
    ["any.yes", "price.order"],
    ["much.no", "done.value"],
    ["much.yes", "tooMuch.value"],
    ["price.value", "save.total"],
    ["save.row", "much.row"],
    ["start.order", "any.order"],
  ],
};

let database: ProcessDatabase;
let client: pg.Client;
let worker: RunningWorker;

beforeAll(async () => {
  const { system, findings } = await compiled(JSON.stringify(order));
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  database = await createProcessDatabase(system);
  client = await database.client();
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  worker = await startWorker({ url: database.workerUrl, tasks: new Map(), log });
}, 120_000);
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
});

async function byFunction(input: unknown, role = "enginejs_user"): Promise<unknown> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request($1, $2, null, null, null, 'test')", [
      role,
      role === "enginejs_user" ? user : null,
    ]);
    const { rows } = await client.query("select app.orders_take($1) as result", [JSON.stringify(input)]);
    await client.query("commit");
    return rows[0]?.result;
  } catch (error) {
    await client.query("rollback");
    const { code, detail } = error as pg.DatabaseError;
    return code === "EJ422" ? JSON.parse(detail ?? "") : { code };
  }
}

async function byWorker(input: unknown): Promise<unknown> {
  try {
    const actor = { kind: "user", id: user, tenant: null } as const;
    const { output, value } = await callWorkflow(client, "orders.take", input, { actor });
    return { output, value };
  } catch (error) {
    if (!(error instanceof WorkflowFailure)) throw error;
    return { error: error.code, values: error.values };
  }
}

const stored = async () =>
  (await client.query("select total::int from app.orders order by id")).rows.map(({ total }) => total);
const plain = (result: unknown) => JSON.parse(JSON.stringify(result).replaceAll(/"id":"[^"]*"/g, '"id":"…"'));

test("gives the same output or error, and leaves nothing of what has failed", { timeout: 60_000 }, async () => {
  const some = {
    lines: [
      { price: 300, qty: 2 },
      { price: 50, qty: 1 },
    ],
  };
  const taken = { output: "taken", value: { id: expect.any(String), total: 650 } };
  expect(await byFunction(some)).toEqual(taken);
  expect(await byWorker(some)).toEqual(taken);
  const none = { lines: [] };
  expect(await byFunction(none)).toEqual({ error: "EmptyOrder", values: {} });
  expect(await byWorker(none)).toEqual({ error: "EmptyOrder", values: {} });
  expect(await stored()).toEqual([650, 650]);
  const much = { lines: [{ price: 2_000, qty: 3 }] };
  const failed = await byFunction(much);
  expect(failed).toEqual({ error: "TooMuch", values: { total: 6_000 } });
  expect(await stored()).toEqual([650, 650]);
  expect(plain(await byWorker(much))).toEqual(failed);
});

test("does what its caller may, with what its schema allows", async () => {
  expect(await byFunction({ lines: [{ price: 1, qty: 1 }] }, "enginejs_anonymous")).toEqual({ code: "42501" });
  expect(await byFunction({ lines: [{ price: 1 }] })).toEqual({ problems: [expect.stringContaining("lines[0].qty")] });
  expect(await stored()).toHaveLength(3);
});
