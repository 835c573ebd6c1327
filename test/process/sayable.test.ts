/** Whatever the IR can say of a step, a process file can say: every kind of node, and every part of it. */
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { allNodes, type WorkflowNode } from "../../src/model/index.ts";
import { workflowNode } from "../../src/model/workflow-graph.ts";
import { compiled } from "./support/orders-model.ts";

type Kind = WorkflowNode["kind"];
const object = (properties: Readonly<Record<string, unknown>>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const Id = { type: "string", format: "uuid" };
const Row = object({ id: Id, total: { type: "integer" } });
const retry = { attempts: 2, backoff: "fixed", initial: "PT1S", max: "PT2S" };
const attempt = { label: "Do", retry, timeout: "PT5S" };

/** A process that says everything: each operation with all of its members. */
const everything = {
  kind: "process",
  name: "everything",
  version: 1,
  type: "orchestratedWorkflow",
  execution: { model: "async", timeout: "P1D" },
  as: "system",
  $defs: {
    Given: object({ id: Id, ids: { type: "array", items: Id }, text: { type: "string" } }),
    Row,
    Rows: { type: "array", items: { $ref: "#/$defs/Row" } },
    Ids: { type: "array", items: { $ref: "#/$defs/Id" } },
    Id,
    Any: { type: "object" },
    Box: object({ box: { type: "string" } }),
    Void: { type: "object" },
  },
  input: "Given",
  outputs: { done: "Given", row: "Id" },
  errors: { Refused: "Given", Odd: "Id" },
  uses: {
    databases: { main: ["read", "transaction", "write"] },
    queues: { news: ["publish"] },
    services: { payments: ["createCharge"] },
    http: { "api.example.com": ["POST"] },
    tasks: ["pack"],
    workflows: ["everything"],
    signals: ["told"],
  },
  nodes: {
    begin: { op: "start", label: "Begin", out: { given: "Given" } },
    both: { op: "parallel", label: "Both", in: { given: "Given" }, out: { rows: "Given", others: "Given" } },
    insert: {
      op: "db.insert",
      ...attempt,
      tx: "t",
      entity: "Order",
      in: { given: "Given" },
      values: { status: "given.text", total: "1" },
      out: { row: "Row", given: "Given" },
    },
    byId: { op: "db.get", ...attempt, tx: "t", entity: "Order", in: { row: "Row" }, id: "row.id", out: { row: "Row" } },
    byWhere: {
      op: "db.get",
      label: "By",
      entity: "Order",
      in: { of: "Row" },
      where: "row.id == of.id",
      out: { row: "Row", missing: "Void" },
    },
    list: {
      op: "db.list",
      ...attempt,
      tx: "t",
      entity: "Order",
      in: { of: "Row" },
      where: "row.total > of.total",
      order: [["total", "desc"]],
      limit: 5,
      out: { rows: "Rows", of: "Row" },
    },
    change: {
      op: "db.update",
      ...attempt,
      tx: "t",
      entity: "Order",
      in: { of: "Row" },
      id: "of.id",
      values: { total: "row.total + 1" },
      out: { row: "Row" },
    },
    changeAll: {
      op: "db.update",
      ...attempt,
      tx: "t",
      entity: "Order",
      in: { of: "Row" },
      where: "row.id == of.id",
      values: { total: "2" },
      out: { of: "Row" },
    },
    query: {
      op: "db.query",
      ...attempt,
      tx: "t",
      query: "orders-over",
      in: { of: "Row" },
      parameters: { least: "of.total" },
      out: { rows: "Rows", of: "Row" },
    },
    publish: {
      op: "queue.publish",
      ...attempt,
      tx: "t",
      queue: "news",
      in: { of: "Row" },
      message: { id: "of.id" },
      out: { of: "Row" },
    },
    tell: {
      op: "signal",
      ...attempt,
      tx: "t",
      signal: "told",
      key: "of.id",
      in: { of: "Row" },
      payload: { id: "of.id" },
      out: { of: "Row" },
    },
    remove: {
      op: "db.delete",
      ...attempt,
      tx: "t",
      entity: "Order",
      in: { of: "Row" },
      id: "of.id",
      out: { row: "Row" },
    },
    only: {
      op: "transform",
      label: "Only",
      in: { given: "Given" },
      values: { id: "given.id", ids: "given.ids", text: "given.text" },
      out: { value: "Given" },
    },
    pack: {
      op: "task",
      ...attempt,
      task: "pack",
      in: { given: "Given" },
      body: { what: "given.text" },
      idempotencyKey: "given.id",
      out: { ok: "Box" },
    },
    charge: {
      op: "service.call",
      ...attempt,
      service: "payments",
      operation: "createCharge",
      in: { given: "Given" },
      body: { amount: "1", card: "given.text" },
      out: { declined: "Void", ok: "Void" },
    },
    unpack: {
      op: "compensate",
      label: "Unpack",
      of: "pack",
      in: { given: "Given" },
      nodes: {
        unpackStart: { op: "start", out: { given: "Given" } },
        unpacked: { op: "log", level: "warn", message: "unpacked", in: { given: "Given" }, values: { id: "given.id" } },
      },
      edges: [["unpackStart.given", "unpacked.given"]],
    },
    ask: {
      op: "http.request",
      ...attempt,
      method: "POST",
      url: '"https://api.example.com/" + given.text',
      headers: { "X-Id": "given.id" },
      in: { given: "Given", box: "Box" },
      body: { id: "given.id" },
      secret: "HOOK_SECRET",
      privateHosts: ["localhost"],
      accept: [200, 404],
      out: { body: "Any", given: "Given" },
    },
    pause: { op: "wait", label: "Pause", for: "PT1S", in: { given: "Given" }, out: { given: "Given" } },
    until: { op: "wait", label: "Until", until: "request.time", in: { given: "Given" }, out: { given: "Given" } },
    hear: {
      op: "wait",
      label: "Hear",
      signal: "told",
      key: "given.id",
      timeout: "PT1S",
      in: { given: "Given" },
      out: { received: "Any", given: "Given" },
    },
    decide: {
      op: "approval",
      label: "Decide",
      allow: "actor.id == given.id",
      question: "?",
      values: { id: "given.id" },
      timeout: "PT1S",
      in: { given: "Given", heard: "Any" },
      out: { approved: "Given", refused: "Given" },
    },
    start: {
      op: "startWorkflow",
      label: "Start",
      workflow: "everything",
      wait: false,
      timeout: "PT1S",
      in: { given: "Given" },
      body: { id: "given.id", ids: "given.ids", text: "given.text" },
      out: { given: "Given" },
    },
    each: {
      op: "forEach",
      label: "Each",
      in: { given: "Given" },
      items: "given.ids",
      as: "one",
      limit: 3,
      out: { results: "Ids" },
      nodes: { eachStart: { op: "start", out: { one: "Id" } }, eachOne: { op: "output", in: { value: "Id" } } },
      edges: [["eachStart.one", "eachOne.value"]],
    },
    odd: {
      op: "branch",
      label: "Odd",
      in: { ids: "Ids", given: "Given" },
      cases: [{ port: "yes", when: "size(ids) > 1" }],
      else: "no",
      out: { yes: "Given", no: "Given" },
    },
    oddId: { op: "compute", in: { given: "Given" }, expr: "given.id", out: { value: "Id" } },
    either: { op: "merge", label: "Either", in: { a: "Given", b: "Given" }, out: { value: "Given" } },
    refuse: { op: "fail", label: "Refuse", in: { value: "Given" }, error: "Refused", message: "no" },
    refuseId: { op: "fail", in: { value: "Id" }, error: "Odd" },
    done: { op: "output", label: "Done", in: { value: "Given" }, output: "done" },
    gone: { op: "compute", in: { row: "Row" }, expr: "row.id", out: { value: "Id" } },
    doneRow: { op: "output", in: { value: "Id" }, output: "row" },
    missed: { op: "log", label: "Missed", message: "missed", in: { nothing: "Void" } },
    declined: { op: "log", message: "declined", in: { nothing: "Void" } },
    charged: { op: "log", message: "charged", in: { nothing: "Void" } },
  },
  edges: [
    ["begin.given", "both.given"],
    ["both.rows", "insert.given"],
    ["insert.row", "byId.row"],
    ["byId.row", "list.of"],
    ["list.of", "change.of"],
    ["change.row", "changeAll.of"],
    ["changeAll.of", "query.of"],
    ["query.of", "publish.of"],
    ["publish.of", "tell.of"],
    ["tell.of", "remove.of"],
    ["remove.row", "byWhere.of"],
    ["byWhere.row", "gone.row"],
    ["byWhere.missing", "missed.nothing"],
    ["gone.value", "doneRow.value"],
    ["both.others", "only.given"],
    ["only.value", "pack.given"],
    ["only.value", "unpack.given"],
    ["pack.ok", "ask.box"],
    ["only.value", "ask.given"],
    ["only.value", "charge.given"],
    ["charge.declined", "declined.nothing"],
    ["charge.ok", "charged.nothing"],
    ["ask.given", "pause.given"],
    ["pause.given", "until.given"],
    ["until.given", "hear.given"],
    ["hear.received", "decide.heard"],
    ["hear.given", "decide.given"],
    ["decide.approved", "either.a"],
    ["decide.refused", "either.b"],
    ["either.value", "start.given"],
    ["start.given", "each.given"],
    ["each.results", "odd.ids"],
    ["start.given", "odd.given"],
    ["odd.yes", "refuse.value"],
    ["odd.yes", "oddId.given"],
    ["oddId.value", "refuseId.value"],
    ["odd.no", "done.value"],
  ],
};

/** Of each kind: its parts in the IR. */
const kinds = new Map<Kind, readonly string[]>(
  workflowNode.options.map((option): [Kind, readonly string[]] => [
    [...(option.shape.kind as z.ZodLiteral<Kind>).values][0] as Kind,
    Object.keys(option.shape),
  ]),
);

/** What files do not say, each with its reason. */
const NOT_SAID: Readonly<Record<string, string>> = {
  "transform.retry": "computing has nothing that another attempt would change",
  "transform.timeoutMs": "as above",
  "branch.retry": "as above",
  "branch.timeoutMs": "as above",
  "merge.retry": "as above",
  "merge.timeoutMs": "as above",
  "transform.tx": "what computes between two nodes of a transaction belongs to it without being told",
  "branch.tx": "as above",
  "merge.tx": "as above",
};

describe("a process file can say", async () => {
  const { workflows, findings } = await compiled(JSON.stringify(everything));
  it("everything at once, without a finding", () => {
    expect(findings).toEqual([]);
  });
  const nodes = workflows.flatMap((workflow) => [...allNodes(workflow)]);
  it.each([...kinds])("%s with all of its parts", (kind, parts) => {
    const said = new Set(nodes.filter((node) => node.kind === kind).flatMap((node) => Object.keys(node)));
    const unsaid = parts.filter((part) => !said.has(part) && !Object.hasOwn(NOT_SAID, `${kind}.${part}`));
    expect(unsaid).toEqual([]);
  });
});
