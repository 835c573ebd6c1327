/** What each operation of a process does, and how values go over edges, on a real database with a real worker. */
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, startWorkerProcess, type WorkerProcess } from "../tasks/support/worker.ts";
import { compiled, exampleText } from "./support/orders-model.ts";
import { createProcessDatabase, endedRun, type ProcessDatabase, start, user } from "./support/process-database.ts";

const project = join(import.meta.dirname, "orders");
const Row = {
  type: "object",
  properties: { id: { type: "string", format: "uuid" }, total: { type: "integer" } },
  required: ["id", "total"],
};
const base = { kind: "process", version: 1, type: "orchestratedWorkflow", execution: { model: "async" } };
const types = {
  Id: { type: "string", format: "uuid" },
  Int: { type: "integer" },
  Row,
  Rows: { type: "array", items: { $ref: "#/$defs/Row" } },
  Void: { type: "object" },
};
const using = (names: readonly (keyof typeof types)[]) => Object.fromEntries(names.map((name) => [name, types[name]]));

/** Two ways that part and meet again: in a merge, and in one port of another node. */
const meet = {
  ...base,
  name: "meet",
  type: "calculation",
  $defs: using(["Int"]),
  input: "Int",
  outputs: { sum: "Int" },
  nodes: {
    start: { op: "start", out: { n: "Int" } },
    large: {
      op: "branch",
      in: { n: "Int" },
      cases: [
        { port: "yes", when: "n > 10" },
        { port: "odd", when: "n % 2 == 1" },
      ],
      else: "no",
      out: { yes: "Int", odd: "Int", no: "Int" },
    },
    halved: { op: "compute", in: { n: "Int" }, expr: "n / 2", out: { value: "Int" } },
    tripled: { op: "compute", in: { n: "Int" }, expr: "n * 3", out: { value: "Int" } },
    either: { op: "merge", in: { a: "Int", b: "Int" }, out: { value: "Int" } },
    plus: { op: "compute", in: { n: "Int" }, expr: "n + 1", out: { value: "Int" } },
    done: { op: "output", in: { value: "Int" }, output: "sum" },
  },
  edges: [
    ["start.n", "large.n"],
    ["large.yes", "halved.n"],
    ["large.odd", "tripled.n"],
    ["halved.value", "either.a"],
    ["tripled.value", "either.b"],
    ["either.value", "plus.n"],
    ["large.no", "plus.n"],
    ["plus.value", "done.value"],
  ],
};

/** Lists of objects in expressions, and a variable that has the name of a node. */
const lists = {
  ...base,
  name: "lists",
  type: "calculation",
  $defs: {
    Line: {
      type: "object",
      properties: {
        sku: { type: "string" },
        qty: { type: "integer" },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["sku", "qty"],
    },
    Order: {
      type: "object",
      properties: {
        lines: { type: "array", items: { $ref: "#/$defs/Line" } },
        to: { type: "object", properties: { city: { type: "string" } } },
      },
      required: ["lines"],
    },
    Seen: {
      type: "object",
      properties: {
        any: { type: "boolean" },
        all: { type: "boolean" },
        many: { type: "integer" },
        most: { type: "integer" },
        city: { type: "string" },
        tagged: { type: "integer" },
        lines: { type: "array", items: { $ref: "#/$defs/Line" } },
      },
      required: ["any"],
    },
  },
  input: "Order",
  outputs: { seen: "Seen" },
  nodes: {
    start: { op: "start", out: { order: "Order" } },
    line: {
      op: "transform",
      in: { order: "Order" },
      values: {
        any: 'order.lines.exists(line, line.sku == "b")',
        all: "order.lines.all(line, line.qty > 0)",
        many: "order.lines.filter(line, line.qty > 1).size()",
        most: "order.lines.map(line, line.qty).max()",
        city: "order.to.city",
        tagged: 'order.lines.filter(line, "x" in line.tags).map(line, line.qty).sum()',
        lines: "order.lines",
      },
      out: { value: "Seen" },
    },
    done: { op: "output", in: { value: "Seen" }, output: "seen" },
  },
  edges: [
    ["start.order", "line.order"],
    ["line.value", "done.value"],
  ],
};

/** Reads, changes and deletes; a row that is not there is a way of its own. */
const rows = {
  ...base,
  name: "rows",
  type: "databaseWorkflow",
  execution: { model: "sync" },
  as: "system",
  $defs: using(["Id", "Int", "Row", "Rows", "Void"]),
  input: "Id",
  outputs: { changed: "Row", gone: "Void" },
  uses: { databases: { main: ["read", "write"] } },
  nodes: {
    start: { op: "start", out: { id: "Id" } },
    find: { op: "db.get", entity: "Order", in: { id: "Id" }, id: "id", out: { row: "Row", missing: "Void" } },
    raise: {
      op: "db.update",
      entity: "Order",
      in: { found: "Row" },
      id: "found.id",
      values: { total: "row.total + found.total" },
      out: { row: "Row" },
    },
    all: { op: "db.list", entity: "Order", in: { of: "Row" }, where: "true", out: { rows: "Rows", count: "Int" } },
    sum: {
      op: "compute",
      in: { rows: "Rows", count: "Int" },
      expr: "rows.map(r, r.total).sum() * count",
      out: { value: "Int" },
    },
    note: {
      op: "db.update",
      entity: "Order",
      in: { row: "Row", sum: "Int" },
      id: "row.id",
      values: { status: '"of " + "all"', total: "sum" },
      out: { row: "Row" },
    },
    remove: { op: "db.delete", entity: "Order", in: { row: "Row" }, id: "row.id", out: { row: "Row" } },
    done: { op: "output", in: { value: "Row" }, output: "changed" },
    gone: { op: "output", in: { value: "Void" }, output: "gone" },
  },
  edges: [
    ["start.id", "find.id"],
    ["find.row", "raise.found"],
    ["find.missing", "gone.value"],
    ["raise.row", "all.of"],
    ["raise.row", "note.row"],
    ["all.rows", "sum.rows"],
    ["all.count", "sum.count"],
    ["sum.value", "note.sum"],
    ["note.row", "remove.row"],
    ["remove.row", "done.value"],
  ],
};

/** Follows the message that the example publishes. */
const ship = {
  ...base,
  name: "ship",
  type: "queueConsumer",
  execution: { model: "eventDriven" },
  $defs: {
    Message: {
      type: "object",
      properties: { orderId: { type: "string", format: "uuid" }, total: { type: "integer" } },
      required: ["orderId"],
    },
    Row,
  },
  uses: { databases: { main: ["write"] }, queues: { "order-events": ["consume"] } },
  nodes: {
    message: { op: "queue.consume", queue: "order-events", out: { message: "Message" } },
    mark: {
      op: "db.update",
      entity: "Order",
      in: { message: "Message" },
      id: "message.orderId",
      values: { status: '"shipping"' },
      out: { row: "Row" },
    },
  },
  edges: [["message.message", "mark.message"]],
};

/** Waits a moment, then for a signal that comes, then for one that does not. */
const patient = {
  ...base,
  name: "patient",
  $defs: {
    ...using(["Int", "Void"]),
    Key: { type: "object", properties: { key: { type: "string" } }, required: ["key"] },
  },
  input: "Key",
  outputs: { got: "Int", late: "Void" },
  nodes: {
    start: { op: "start", out: { given: "Key" } },
    pause: { op: "wait", for: "PT0.05S", in: { given: "Key" }, out: { given: "Key" } },
    first: {
      op: "wait",
      signal: "arrived",
      key: "given.key",
      timeout: "PT30S",
      in: { given: "Key" },
      out: { received: "Int", timedOut: "Void" },
    },
    second: {
      op: "wait",
      signal: "arrived",
      key: 'given.key + "-again"',
      timeout: "PT0.2S",
      in: { given: "Key", first: "Int" },
      out: { received: "Int", timedOut: "Void" },
    },
    got: { op: "output", in: { value: "Int" }, output: "got" },
    late: { op: "output", in: { value: "Void" }, output: "late" },
  },
  edges: [
    ["start.given", "pause.given"],
    ["pause.given", "first.given"],
    ["pause.given", "second.given"],
    ["first.received", "second.first"],
    ["first.timedOut", "late.value"],
    ["second.received", "got.value"],
    ["second.timedOut", "late.value"],
  ],
};

/** Gives a signal: nobody waits for it, so that it is kept. */
const tells = {
  ...base,
  name: "tells",
  $defs: { ...using(["Void"]), Key: patient.$defs.Key },
  input: "Key",
  outputs: { told: "Void" },
  uses: { signals: ["told"] },
  nodes: {
    start: { op: "start", out: { given: "Key" } },
    tell: {
      op: "signal",
      signal: "told",
      key: 'given.key + "\'s"',
      payload: { by: "given.key", size: "size(given.key)" },
      in: { given: "Key" },
      out: { given: "Key" },
    },
    told: { op: "output", in: { value: "Key" }, output: "told" },
  },
  edges: [
    ["start.given", "tell.given"],
    ["tell.given", "told.value"],
  ],
};

/** Follows a row of the model, as its columns were, and starts another process. */
const follow = {
  ...base,
  name: "follow",
  execution: { model: "eventDriven" },
  trigger: { kind: "model", entity: "Order", event: "create", condition: 'after.status == "watched"' },
  as: "system",
  $defs: using(["Int", "Row"]),
  outputs: { sum: "Int" },
  uses: { workflows: ["meetRecord"] },
  nodes: {
    start: { op: "start", out: { row: "Row" } },
    total: { op: "compute", in: { row: "Row" }, expr: "row.total", out: { value: "Int" } },
    more: { op: "startWorkflow", workflow: "meetRecord", in: { n: "Int" }, body: { n: "n" }, out: { output: "Int" } },
    done: { op: "output", in: { value: "Int" }, output: "sum" },
  },
  edges: [
    ["start.row", "total.row"],
    ["total.value", "more.n"],
    ["more.output", "done.value"],
  ],
};
const meetRecord = {
  ...base,
  name: "meetRecord",
  type: "calculation",
  $defs: { ...using(["Int"]), Given: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } },
  input: "Given",
  outputs: { sum: "Int" },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    plus: { op: "compute", in: { given: "Given" }, expr: "given.n + 1", out: { value: "Int" } },
    done: { op: "output", in: { value: "Int" }, output: "sum" },
  },
  edges: [
    ["start.given", "plus.given"],
    ["plus.value", "done.value"],
  ],
};

/** Synchronous, and nothing but database work: a function of the caller's own rights. */
const quote = {
  ...base,
  name: "orders.quote",
  type: "databaseWorkflow",
  execution: { model: "sync" },
  $defs: using(["Int", "Row"]),
  input: "Int",
  outputs: { small: "Row", large: "Int" },
  errors: { TooLarge: "Row" },
  uses: { databases: { main: ["transaction", "write"] } },
  nodes: {
    start: { op: "start", out: { n: "Int" } },
    save: {
      op: "db.insert",
      entity: "Order",
      tx: "t",
      in: { n: "Int" },
      values: { status: '"quoted"', total: "n" },
      out: { row: "Row" },
    },
    size: {
      op: "branch",
      in: { row: "Row" },
      cases: [
        { port: "huge", when: "row.total > 1000" },
        { port: "large", when: "row.total > 100" },
      ],
      else: "small",
      out: { huge: "Row", large: "Row", small: "Row" },
    },
    refuse: { op: "fail", in: { value: "Row" }, error: "TooLarge" },
    only: { op: "compute", in: { row: "Row" }, expr: "row.total", out: { value: "Int" } },
    large: { op: "output", in: { value: "Int" }, output: "large" },
    small: { op: "output", in: { value: "Row" }, output: "small" },
  },
  edges: [
    ["start.n", "save.n"],
    ["save.row", "size.row"],
    ["size.huge", "refuse.value"],
    ["size.large", "only.row"],
    ["only.value", "large.value"],
    ["size.small", "small.value"],
  ],
};

let database: ProcessDatabase;
let client: pg.Client;
let worker: WorkerProcess;
beforeAll(async () => {
  const texts = [meet, lists, rows, ship, patient, tells, follow, meetRecord, quote].map((each) =>
    JSON.stringify(each),
  );
  const { system, findings } = await compiled(...texts, exampleText);
  expect(findings).toEqual([]);
  database = await createProcessDatabase(system);
  client = await database.client();
  worker = startWorkerProcess(database, { PROJECT: project }, "project-worker.ts");
  await worker.ready;
});
afterAll(async () => {
  await worker?.terminate();
  await database?.drop();
});

const run = async (name: string, input: unknown) => {
  const id = await start(client, name, input);
  return eventually(`${name} ends`, () => endedRun(client, id));
};

it("ways that parted meet in a merge, and in one port of any node", async () => {
  expect(await run("meet", 20)).toMatchObject({ status: "done", output: 11 });
  expect(await run("meet", 3)).toMatchObject({ status: "done", output: 10 });
  expect(await run("meet", 4)).toMatchObject({ status: "done", output: 5 });
});

it("lists of objects are asked like rows", async () => {
  const lines = [
    { sku: "a", qty: 1 },
    { sku: "b", qty: 3, tags: ["x", "y"] },
    { sku: "c", qty: 2, tags: [] },
  ];
  expect(await run("lists", { lines, to: { city: "Köln" } })).toMatchObject({
    status: "done",
    output: { any: true, all: true, many: 2, most: 3, city: "Köln", tagged: 3, lines },
  });
  expect(await run("lists", { lines: [] })).toMatchObject({
    status: "done",
    output: { any: false, all: true, many: 0, most: null, city: null, tagged: 0, lines: [] },
  });
});

it("rows are found, changed, listed and deleted, and one that is not there is a way of its own", async () => {
  await client.query("insert into app.orders (status, total) values ('old', 10)");
  const { rows: made } = await client.query<{ id: string }>(
    "insert into app.orders (status, total) values ('mine', 5) returning id",
  );
  const id = made[0]?.id;
  const { rows: all } = await client.query<{ n: number }>("select count(*)::int as n from app.orders");
  expect(all[0]?.n).toBe(2);
  // 5 + 5, and 10 of the other one, twice: there are two.
  expect(await run("rows", id)).toMatchObject({ status: "done", output: { id, total: 40 } });
  expect((await client.query("select status from app.orders")).rows).toEqual([{ status: "old" }]);
  expect(await run("rows", id)).toMatchObject({ status: "done", output: {} });
});

it("a consumer follows what another process publishes", async () => {
  const placed = await run("orders.place", { card: "4242", lines: [{ qty: 1, price: 7 }] });
  const { id } = placed.output as { id: string };
  await eventually("it is shipped", async () => {
    const { rows: found } = await client.query("select status from app.orders where id = $1", [id]);
    return found[0]?.status === "shipping";
  });
});

it("waits for a time, for a signal, and not for ever", async () => {
  const id = await start(client, "patient", { key: "k" });
  await client.query("select enginejs.workflow_signal('arrived', 'k', '7')");
  expect(await eventually("it ends", () => endedRun(client, id))).toMatchObject({ status: "done", output: {} });
  const { rows: steps } = await client.query(
    "select step, output from enginejs.workflow_run_steps where run_id = $1 and step in ('first', 'second') order by step",
    [id],
  );
  expect(steps).toEqual([
    { step: "first", output: { payload: 7, timedOut: false } },
    { step: "second", output: { payload: null, timedOut: true } },
  ]);
});

it("gives a signal", async () => {
  expect(await run("tells", { key: "k" })).toMatchObject({ status: "done" });
  const { rows: kept } = await client.query("select key, payload from enginejs.workflow_signals where name = 'told'");
  expect(kept).toEqual([{ key: "k's", payload: { by: "k", size: 1 } }]);
});

it("follows a row of the model, and gives what another process gave", async () => {
  await client.query("begin");
  await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, 'test')", [user]);
  const { rows: made } = await client.query<{ id: string }>(
    "insert into app.orders (status, total) values ('watched', 41) returning id",
  );
  await client.query("commit");
  const found = await eventually("it ends", async () => {
    const { rows: ended } = await client.query(
      "select r.status, r.output from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id where r.workflow = 'follow' and e.record_id = $1 and r.status in ('done', 'failed')",
      [made[0]?.id],
    );
    return ended[0];
  });
  expect(found).toEqual({ status: "done", output: 42 });
});

it("a synchronous process of database work is a function, with the rights of whoever calls it", async () => {
  const called = async (actor: string | null, n: number) => {
    await client.query("begin");
    const role = actor === null ? "enginejs_anonymous" : "enginejs_user";
    await client.query("select enginejs.begin_request($1, $2, null, null, null, 'test')", [role, actor]);
    try {
      const { rows: given } = await client.query("select app.orders_quote($1) as value", [JSON.stringify(n)]);
      return given[0]?.value;
    } finally {
      await client.query("rollback");
    }
  };
  expect(await called(user, 5)).toEqual({ output: "small", value: { id: expect.any(String), total: 5 } });
  expect(await called(user, 500)).toEqual({ output: "large", value: 500 });
  await expect(called(user, 5000)).rejects.toMatchObject({ code: "EJ422", message: "TooLarge" });
  await expect(called(null, 5)).rejects.toMatchObject({ code: "42501" });
});
