/** A synchronous JSON process of database work: the function that it becomes, against the same file done by the worker. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isPureNode } from "../../src/dsl-to-sql/process-function.ts";
import { type WorkflowNode, workflowNode } from "../../src/model/workflow-graph.ts";
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

/** Stores and announces, both or neither; whoever may call it needs no right to the queue. */
const announce = {
  kind: "process",
  name: "orders.announce",
  version: 1,
  type: "databaseWorkflow",
  execution: { model: "sync" },
  allow: "input.total != 13",
  $defs: {
    Order: { properties: { total: { type: "integer" } }, required: ["total"], type: "object" },
    Sent: {
      properties: { message: { type: "string" }, total: { type: "integer" } },
      required: ["message", "total"],
      type: "object",
    },
    Row: {
      properties: { id: { type: "string" }, total: { type: "integer" } },
      required: ["id", "total"],
      type: "object",
    },
    Id: { type: "string", format: "uuid" },
    Void: { type: "object" },
  },
  input: "Order",
  outputs: { sent: "Sent" },
  errors: { TooMuch: "Void" },
  uses: { databases: { main: ["transaction", "write"] }, queues: { "order-news": ["publish"] } },
  nodes: {
    start: { op: "start", out: { order: "Order" } },
    save: {
      op: "db.insert",
      entity: "Order",
      tx: "t1",
      in: { order: "Order" },
      values: { status: '"announced"', total: "order.total" },
      out: { row: "Row" },
    },
    tell: {
      op: "queue.publish",
      queue: "order-news",
      tx: "t1",
      in: { row: "Row" },
      message: { order: "row.id", total: "row.total" },
      out: { id: "Id", row: "Row" },
    },
    much: {
      op: "branch",
      in: { row: "Row", id: "Id" },
      cases: [{ port: "yes", when: "row.total > 1000" }],
      else: "no",
      out: { yes: "Void", no: "Id" },
    },
    tooMuch: { op: "fail", in: { value: "Void" }, error: "TooMuch" },
    all: {
      op: "transform",
      in: { id: "Id", row: "Row" },
      values: { message: "id", total: "row.total" },
      out: { value: "Sent" },
    },
    done: { op: "output", in: { value: "Sent" }, output: "sent" },
  },
  edges: [
    ["all.value", "done.value"],
    ["much.no", "all.id"],
    ["much.yes", "tooMuch.value"],
    ["save.row", "all.row"],
    ["save.row", "tell.row"],
    ["start.order", "save.order"],
    ["tell.id", "much.id"],
    ["tell.row", "much.row"],
  ],
};

let database: ProcessDatabase;
let client: pg.Client;
let worker: RunningWorker;

beforeAll(async () => {
  const { system, findings } = await compiled(JSON.stringify(order), JSON.stringify(announce));
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  database = await createProcessDatabase(system);
  client = await database.client();
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  worker = await startWorker({ url: database.workerUrl, tasks: new Map(), log });
});
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
});

async function byFunction(input: unknown, role = "enginejs_user", name = "orders_take"): Promise<unknown> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request($1, $2, null, null, null, 'test')", [
      role,
      role === "enginejs_user" ? user : null,
    ]);
    const { rows } = await client.query(`select app.${name}($1) as result`, [JSON.stringify(input)]);
    await client.query("commit");
    return rows[0]?.result;
  } catch (error) {
    await client.query("rollback");
    const { code, detail } = error as pg.DatabaseError;
    return code === "EJ422" ? JSON.parse(detail ?? "") : { code };
  }
}

async function byWorker(input: unknown, name = "orders.take"): Promise<unknown> {
  try {
    const actor = { kind: "user", id: user, tenant: null } as const;
    const { output, value } = await callWorkflow(client, name, input, { actor });
    return { output, value };
  } catch (error) {
    if (!(error instanceof WorkflowFailure)) throw error;
    return { error: error.code, values: error.values };
  }
}

const stored = async () =>
  (await client.query("select total::int from app.orders order by id")).rows.map(({ total }) => total);
const plain = (result: unknown) => JSON.parse(JSON.stringify(result).replaceAll(/"id":"[^"]*"/g, '"id":"…"'));

test("gives the same output or error, and leaves nothing of what has failed", async () => {
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

test("publishes in the transaction of its caller, who needs the right to call it and no other", async () => {
  const messages = async () =>
    (await client.query("select input from enginejs.workflow_events where model = 'queue:order-news' order by id"))
      .rows;
  const announced = (input: unknown, role?: string) => byFunction(input, role, "orders_announce");
  const sent = { output: "sent", value: { message: expect.any(String), total: 5 } };
  expect(await announced({ total: 5 })).toEqual(sent);
  expect(await byWorker({ total: 5 }, "orders.announce")).toEqual(sent);
  expect(await messages()).toEqual([
    { input: { order: expect.any(String), total: 5 } },
    { input: { order: expect.any(String), total: 5 } },
  ]);
  // What fails has announced nothing; who may not call it does not come that far, by no way.
  expect(await announced({ total: 5000 })).toEqual({ error: "TooMuch", values: {} });
  expect(await announced({ total: 13 })).toEqual({ code: "42501" });
  expect(await announced({ total: 5 }, "enginejs_anonymous")).toEqual({ code: "42501" });
  const directly = async (node: string, input: unknown) => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, 'test')", [user]);
    const given = ["orders.announce", node, JSON.stringify(input), '{"order": "x"}'];
    const error = await client.query("select enginejs.publish_in_call($1, $2, $3, $4)", given).catch((e: unknown) => e);
    await client.query("rollback");
    return (error as { code?: string }).code;
  };
  expect(await directly("tell", { total: 13 })).toBe("42501");
  expect(await directly("save", { total: 5 })).toBe("EJ404");
  expect(await messages()).toHaveLength(2);
});

test("the compiler and enginejs.publish_in_call agree on which nodes a function can do", () => {
  const sql = readFileSync(join(import.meta.dirname, "../../sql/functions/publish_in_call.sql"), "utf8");
  const named = /<> all \('\{([^}]*)\}'\)/.exec(sql)?.[1]?.split(",") ?? [];
  const kinds = workflowNode.options.map((option) => option.shape.kind.value);
  expect(named.toSorted()).toEqual(kinds.filter((kind) => isPureNode({ kind } as WorkflowNode)).toSorted());
});
