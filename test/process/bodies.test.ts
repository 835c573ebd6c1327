/** Loops, compensations, parallel ways, tasks, requests, approvals and the parts of an event in process files, on a real worker. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, startWorkerProcess, type WorkerProcess } from "../tasks/support/worker.ts";
import { compiled } from "./support/orders-model.ts";
import { createProcessDatabase, endedRun, type ProcessDatabase, start, user } from "./support/process-database.ts";

const project = join(import.meta.dirname, "orders");
const base = { kind: "process", version: 1, type: "orchestratedWorkflow", execution: { model: "async" }, as: "system" };
const Id = { type: "string", format: "uuid" };
const Int = { type: "integer" };
const Text = { type: "string" };
const Void = { type: "object" };
const object = (properties: Readonly<Record<string, unknown>>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const Row = object({ id: Id, total: Int });

/** A loop in a loop: each item gives a record or nothing, and is counted. */
const loops = {
  ...base,
  name: "loops",
  $defs: {
    Int,
    Line: object({ sku: Text, parts: { type: "array", items: { type: "integer" } } }),
    Lines: { type: "array", items: { $ref: "#/$defs/Line" } },
    Given: object({ lines: { $ref: "#/$defs/Lines" }, factor: Int }),
    Sum: object({ sku: Text, at: Int, sum: Int, parts: { $ref: "#/$defs/Ints" } }),
    Sums: { type: "array", items: { $ref: "#/$defs/Sum" } },
    Ints: { type: "array", items: { type: "integer" } },
    Result: object({ sums: { $ref: "#/$defs/Sums" }, count: Int, total: Int }),
  },
  input: "Given",
  outputs: { all: "Result" },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    each: {
      op: "forEach",
      label: "Each line",
      in: { given: "Given" },
      items: "given.lines",
      as: "line",
      limit: 2,
      out: { results: "Sums", count: "Int", given: "Given" },
      nodes: {
        eachStart: { op: "start", out: { line: "Line", given: "Given", index: "Int" } },
        parts: {
          op: "forEach",
          in: { line: "Line", given: "Given" },
          items: "line.parts",
          as: "part",
          out: { results: "Ints" },
          nodes: {
            partsStart: { op: "start", out: { part: "Int", given: "Given" } },
            odd: {
              op: "branch",
              in: { part: "Int", given: "Given" },
              cases: [{ port: "odd", when: "part % 2 == 1" }],
              else: "even",
              out: { odd: "Int", even: "Int" },
            },
            times: {
              op: "compute",
              in: { part: "Int", given: "Given" },
              expr: "part * given.factor",
              out: { value: "Int" },
            },
            oddOne: { op: "output", in: { value: "Int" } },
            evenOne: { op: "output", in: { value: "Int" } },
          },
          edges: [
            ["partsStart.part", "odd.part"],
            ["partsStart.given", "odd.given"],
            ["odd.odd", "times.part"],
            ["partsStart.given", "times.given"],
            ["times.value", "oddOne.value"],
            ["odd.even", "evenOne.value"],
          ],
        },
        sum: {
          op: "transform",
          in: { line: "Line", parts: "Ints", at: "Int" },
          values: { sku: "line.sku", at: "at", sum: "size(parts)", parts: "parts" },
          out: { value: "Sum" },
        },
        result: { op: "output", in: { value: "Sum" } },
      },
      edges: [
        ["eachStart.line", "parts.line"],
        ["eachStart.given", "parts.given"],
        ["eachStart.line", "sum.line"],
        ["eachStart.index", "sum.at"],
        ["parts.results", "sum.parts"],
        ["sum.value", "result.value"],
      ],
    },
    total: {
      op: "transform",
      in: { sums: "Sums", count: "Int" },
      values: { sums: "sums", count: "count", total: "sums.map(s, s.sum).sum()" },
      out: { value: "Result" },
    },
    done: { op: "output", in: { value: "Result" }, output: "all" },
  },
  edges: [
    ["start.given", "each.given"],
    ["each.results", "total.sums"],
    ["each.count", "total.count"],
    ["total.value", "done.value"],
  ],
};
/** Charges and packs; what was charged is given back where packing fails, and nothing where the card was refused. */
const undo = {
  ...base,
  name: "undo",
  retry: { attempts: 1 },
  $defs: {
    Given: object({ amount: Int, card: Text, what: Text }),
    Box: object({ box: Text }),
    Problem: object({ reason: Text }),
    Void,
  },
  input: "Given",
  outputs: { packed: "Box", declined: "Problem" },
  uses: { services: { payments: ["createCharge", "refundCharge"] }, tasks: ["pack"] },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    charge: {
      op: "service.call",
      service: "payments",
      operation: "createCharge",
      in: { given: "Given" },
      body: { amount: "given.amount", card: "given.card" },
      out: { declined: "Problem", ok: "Void" },
    },
    refund: {
      op: "compensate",
      of: "charge",
      in: { given: "Given", charged: "Void" },
      nodes: {
        refundStart: { op: "start", out: { given: "Given" } },
        back: {
          op: "service.call",
          service: "payments",
          operation: "refundCharge",
          in: { given: "Given" },
          body: { amount: "given.amount" },
        },
      },
      edges: [["refundStart.given", "back.given"]],
    },
    pack: {
      op: "task",
      task: "pack",
      in: { given: "Given", charged: "Void" },
      body: { what: "given.what" },
      out: { box: "Box" },
    },
    packed: { op: "output", in: { value: "Box" }, output: "packed" },
    again: {
      op: "task",
      task: "pack",
      in: { problem: "Problem", given: "Given" },
      body: { what: "given.what" },
      out: { box: "Box" },
    },
    declined: { op: "output", in: { box: "Box" }, output: "packed" },
    refused: { op: "output", in: { value: "Problem" }, output: "declined" },
  },
  edges: [
    ["start.given", "charge.given"],
    ["start.given", "pack.given"],
    ["start.given", "refund.given"],
    ["start.given", "again.given"],
    ["charge.ok", "pack.charged"],
    ["charge.ok", "refund.charged"],
    ["charge.declined", "again.problem"],
    ["charge.declined", "refused.value"],
    ["pack.box", "packed.value"],
    ["again.box", "declined.box"],
  ],
};

/** Two ways at once, a server asked on one of them; rows changed by a condition, read by a query. */
const ways = {
  ...base,
  name: "ways",
  $defs: {
    Given: object({ base: Text, least: Int }),
    Int,
    Row,
    Rows: { type: "array", items: { $ref: "#/$defs/Row" } },
    Answer: object({ hello: Text }),
    Result: object({ changed: Int, sum: Int, status: Int, hello: Text }),
  },
  input: "Given",
  outputs: { all: "Result" },
  uses: { databases: { main: ["read", "write"] }, http: { "*": ["POST"] } },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    both: { op: "parallel", in: { given: "Given" }, out: { rows: "Given", ask: "Given" } },
    raise: {
      op: "db.update",
      entity: "Order",
      in: { given: "Given" },
      where: "row.total > given.least",
      values: { total: "row.total + 1" },
      out: { count: "Int", given: "Given" },
    },
    over: {
      op: "db.query",
      query: "orders-over",
      in: { given: "Given", changed: "Int" },
      parameters: { least: "given.least" },
      out: { rows: "Rows" },
    },
    ask: {
      op: "http.request",
      method: "POST",
      in: { given: "Given" },
      url: 'given.base + "/hello"',
      headers: { "X-Least": "given.least" },
      body: { least: "given.least" },
      privateHosts: ["127.0.0.1"],
      accept: [200, 404],
      timeout: "PT5S",
      out: { body: "Answer", status: "Int" },
    },
    sum: {
      op: "transform",
      in: { changed: "Int", rows: "Rows", answer: "Answer", status: "Int" },
      values: { changed: "changed", sum: "rows.map(r, r.total).sum()", status: "status", hello: "answer.hello" },
      out: { value: "Result" },
    },
    told: {
      op: "log",
      in: { result: "Result" },
      level: "warn",
      message: "asked",
      values: { n: "result.sum" },
      out: { result: "Result" },
    },
    done: { op: "output", in: { value: "Result" }, output: "all" },
  },
  edges: [
    ["start.given", "both.given"],
    ["both.rows", "raise.given"],
    ["both.ask", "ask.given"],
    ["raise.given", "over.given"],
    ["raise.count", "over.changed"],
    ["raise.count", "sum.changed"],
    ["over.rows", "sum.rows"],
    ["ask.body", "sum.answer"],
    ["ask.status", "sum.status"],
    ["sum.value", "told.result"],
    ["told.result", "done.value"],
  ],
};

/** Somebody decides; what he says comes by the way. */
const decide = {
  ...base,
  name: "decide",
  $defs: { Given: object({ who: Id }), Decision: object({ by: Id, comment: Text }), Void },
  input: "Given",
  outputs: { yes: "Decision", no: "Decision", late: "Void" },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    ask: {
      op: "approval",
      in: { given: "Given" },
      allow: "actor.id == given.who",
      question: "Really?",
      values: { who: "given.who" },
      timeout: "PT1M",
      out: { approved: "Decision", refused: "Decision", timedOut: "Void" },
    },
    yes: { op: "output", in: { value: "Decision" }, output: "yes" },
    no: { op: "output", in: { value: "Decision" }, output: "no" },
    late: { op: "output", in: { value: "Void" }, output: "late" },
  },
  edges: [
    ["start.given", "ask.given"],
    ["ask.approved", "yes.value"],
    ["ask.refused", "no.value"],
    ["ask.timedOut", "late.value"],
  ],
};

/** Follows an action, with what it was called with; starts another process and does not wait. */
const sent = {
  ...base,
  name: "sent",
  execution: { model: "eventDriven" },
  trigger: {
    kind: "model",
    entity: "Parcel",
    event: "action",
    action: "send",
    condition: 'before.status == "packed" && actor.id != null',
  },
  options: { ordered: { by: { key: "event.after.label" }, onFailure: "skip" } },
  $defs: {
    Id,
    Parcel: object({ id: Id, status: Text, label: Text }),
    Sending: object({ carrier: Text }),
    Key: object({ runId: Id, was: Text, is: Text, by: Text }),
  },
  outputs: { key: "Key" },
  uses: { workflows: ["decide"] },
  nodes: {
    start: { op: "start", out: { parcel: "Parcel", before: "Parcel", input: "Sending" } },
    key: {
      op: "startWorkflow",
      workflow: "decide",
      wait: false,
      in: { parcel: "Parcel" },
      body: { who: "actor.id" },
      out: { runId: "Id" },
    },
    all: {
      op: "transform",
      in: { run: "Id", parcel: "Parcel", before: "Parcel", input: "Sending" },
      values: { runId: "run", was: "before.status", is: "parcel.status", by: "input.carrier" },
      out: { value: "Key" },
    },
    done: { op: "output", in: { value: "Key" }, output: "key" },
  },
  edges: [
    ["start.parcel", "key.parcel"],
    ["key.runId", "all.run"],
    ["start.parcel", "all.parcel"],
    ["start.before", "all.before"],
    ["start.input", "all.input"],
    ["all.value", "done.value"],
  ],
};

/** A signal starts it; it waits until a moment, and one of two outputs of another process comes back. */
const woken = {
  ...base,
  name: "woken",
  execution: { model: "eventDriven" },
  trigger: { kind: "signal", signal: "wake" },
  $defs: {
    Given: object({ at: { type: "string", format: "date-time" }, amount: Int, card: Text, what: Text }),
    Box: { type: "object", properties: { box: { type: "string" } } },
  },
  input: "Given",
  outputs: { box: "Box" },
  uses: { workflows: ["undo"], signals: ["woken"] },
  nodes: {
    start: { op: "start", out: { given: "Given" } },
    until: { op: "wait", until: "given.at", in: { given: "Given" }, out: { given: "Given" } },
    tell: { op: "signal", signal: "woken", key: "given.what", in: { given: "Given" }, out: { given: "Given" } },
    child: {
      op: "startWorkflow",
      workflow: "undo",
      in: { given: "Given" },
      body: { amount: "given.amount", card: "given.card", what: "given.what" },
      timeout: "PT30S",
      out: { output: "Box" },
    },
    done: { op: "output", in: { value: "Box" }, output: "box" },
  },
  edges: [
    ["start.given", "until.given"],
    ["until.given", "tell.given"],
    ["tell.given", "child.given"],
    ["child.output", "done.value"],
  ],
};

/** The clock, and a moment of a row. */
const ticks = {
  ...base,
  name: "ticks",
  execution: { model: "scheduled" },
  trigger: { kind: "interval", everyMs: 1000, catchUp: "one" },
  $defs: { Tick: object({ scheduledFor: { type: "string", format: "date-time" } }) },
  outputs: { tick: "Tick" },
  nodes: {
    start: { op: "start", out: { tick: "Tick" } },
    done: { op: "output", in: { value: "Tick" }, output: "tick" },
  },
  edges: [["start.tick", "done.value"]],
};
const dueNow = {
  ...base,
  name: "due",
  execution: { model: "scheduled" },
  trigger: {
    kind: "datetime",
    entity: "Parcel",
    field: "due",
    offsetMs: -3_600_000,
    condition: 'row.status == "packed"',
  },
  $defs: { Parcel: object({ id: Id, label: Text }) },
  outputs: { parcel: "Parcel" },
  nodes: {
    start: { op: "start", out: { parcel: "Parcel" } },
    done: { op: "output", in: { value: "Parcel" }, output: "parcel" },
  },
  edges: [["start.parcel", "done.value"]],
};

let database: ProcessDatabase;
let client: pg.Client;
let worker: WorkerProcess;
let server: Server;
const asked: unknown[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      asked.push([request.method, request.url, request.headers["x-least"], JSON.parse(body)]);
      response.writeHead(404, { "content-type": "application/json" }).end('{"hello": "you"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const texts = [loops, undo, ways, decide, sent, woken, ticks, dueNow].map((each) => JSON.stringify(each));
  const { system, findings } = await compiled(...texts);
  expect(findings).toEqual([]);
  database = await createProcessDatabase(system);
  client = await database.client();
  worker = startWorkerProcess(database, { PROJECT: project }, "project-worker.ts");
  await worker.ready;
});
afterAll(async () => {
  await worker?.terminate();
  await database?.drop();
  server?.close();
});

const run = async (name: string, input: unknown) => {
  const id = await start(client, name, input);
  return eventually(`${name} ends`, () => endedRun(client, id));
};
const effects = async (kind: string) =>
  (await client.query("select key from test.effects where kind = $1 order by key", [kind])).rows.map(({ key }) => key);

it("a body is done for each item, one of its own in it, and gives what its outputs say", async () => {
  const lines = [
    { sku: "a", parts: [1, 2, 3] },
    { sku: "b", parts: [] },
    { sku: "c", parts: [5] },
  ];
  expect(await run("loops", { lines, factor: 10 })).toMatchObject({
    error: null,
    output: {
      sums: [
        { sku: "a", at: 0, sum: 3, parts: [10, 2, 30] },
        { sku: "b", at: 1, sum: 0, parts: [] },
        { sku: "c", at: 2, sum: 1, parts: [50] },
      ],
      count: 3,
      total: 4,
    },
  });
  expect(await run("loops", { lines: [], factor: 1 })).toMatchObject({ output: { sums: [], count: 0, total: 0 } });
});

it("what was done is undone where the run fails, and only by the way that leads to it", async () => {
  expect(await run("undo", { amount: 7, card: "4242", what: "shoe" })).toMatchObject({
    output: { box: "box of shoe" },
  });
  expect(await effects("refund")).toEqual([]);
  expect(await run("undo", { amount: 8, card: "4242", what: "broken" })).toMatchObject({ status: "failed" });
  expect(await effects("refund")).toEqual(["8"]);
  // The card was refused: there is nothing to give back.
  expect(await run("undo", { amount: 9, card: "4000", what: "broken" })).toMatchObject({ status: "failed" });
  expect(await effects("refund")).toEqual(["8"]);
});

it("two ways at once: rows by a condition and a query, and a server's answer", async () => {
  await client.query("insert into app.orders (status, total) values ('w', 100), ('w', 200), ('w', 3)");
  const { port } = server.address() as AddressInfo;
  expect(await run("ways", { base: `http://127.0.0.1:${port}`, least: 50 })).toMatchObject({
    status: "done",
    output: { changed: 2, sum: 302, status: 404, hello: "you" },
  });
  expect(asked).toEqual([["POST", "/hello", "50", { least: 50 }]]);
});

it("a decision comes by its way, with who has made it and what he says", async () => {
  const id = await start(client, "decide", { who: user });
  const answer = async (approve: boolean) => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, 'test')", [user]);
    const { rows } = await client.query("select * from enginejs.workflow_approvals()");
    if (rows.length > 0)
      await client.query("select enginejs.workflow_decide($1, 'ask', $2, 'so be it')", [id, approve]);
    await client.query("commit");
    return rows.length > 0;
  };
  await eventually("it waits", () => answer(false));
  expect(await eventually("it ends", () => endedRun(client, id))).toMatchObject({
    status: "done",
    output: { by: user, comment: "so be it" },
  });
});

it("follows an action: the row before and after it, and what it was called with", async () => {
  await client.query("begin");
  await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, 'test')", [user]);
  const { rows } = await client.query("insert into app.parcel (label) values ('one') returning id");
  await client.query("select app.send_parcel($1, carrier => 'horse')", [rows[0]?.id]);
  await client.query("commit");
  const ended = await eventually("it ends", async () => {
    const found = await client.query(
      "select status, output, error from enginejs.workflow_runs where workflow = 'sent' and status in ('done', 'failed')",
    );
    return found.rows[0];
  });
  expect(ended).toMatchObject({
    status: "done",
    output: { runId: expect.any(String), was: "packed", is: "sent", by: "horse" },
  });
});

it("a signal starts it, a moment lets it go on, a child gives one of its outputs", async () => {
  const at = new Date(Date.now() + 300).toISOString();
  const payload = { at, amount: 1, card: "4242", what: "hat" };
  await client.query("select enginejs.workflow_signal('wake', 'all', $1)", [JSON.stringify(payload)]);
  const ended = await eventually("it ends", async () => {
    const found = await client.query(
      "select status, output, error from enginejs.workflow_runs where workflow = 'woken' and status in ('done', 'failed')",
    );
    return found.rows[0];
  });
  expect(ended).toMatchObject({ status: "done", output: { box: "box of hat" } });
});

it("the clock starts one, and a moment that a row says another", async () => {
  await client.query("insert into app.parcel (label, due) values ('soon', now() + interval '1 hour 1 second')");
  for (const [name, output] of [
    ["ticks", { scheduledFor: expect.any(String) }],
    ["due", { id: expect.any(String), label: "soon" }],
  ] as const) {
    const ended = await eventually(`${name} ends`, async () => {
      const found = await client.query(
        "select status, output, error from enginejs.workflow_runs where workflow = $1 and status in ('done', 'failed')",
        [name],
      );
      return found.rows[0];
    });
    expect(ended).toMatchObject({ status: "done", output });
  }
});
