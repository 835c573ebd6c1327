/**
 * A process as a file holds it: `processes/*.json`. A graph of nodes by stable id, whose typed ports edges connect. The
 * schema here is the format: what editors complete (`schema/process-1.json`), and what is wrong with a file by itself.
 */
import { z } from "zod";
import { actorMode } from "../model/workflow-execution.ts";
import { durationMs } from "./duration.ts";
import { fileOptions } from "./file-options.ts";
import { fileTrigger } from "./file-trigger.ts";
import {
  duration,
  entity,
  errorName,
  expression,
  expressions,
  memberName,
  nodeId,
  portName,
  ports,
  slug,
  task,
  typeName,
} from "./format-parts.ts";

const retry = z
  .strictObject({
    attempts: z.int().min(1).max(1000).optional(),
    backoff: z.enum(["exponential", "fixed"]).optional(),
    initial: duration.optional(),
    max: duration.optional(),
  })
  .refine(
    ({ initial, max }) => (durationMs(initial ?? "") ?? 0) <= (durationMs(max ?? "") ?? Number.POSITIVE_INFINITY),
    {
      message: "initial is longer than max",
      path: ["initial"],
    },
  );
export type ProcessRetry = z.infer<typeof retry>;

const base = { label: z.string().max(200).optional(), in: ports.optional() };
const flowing = { ...base, out: ports.optional() };
/** A node whose work may fail. */
const attempted = { ...flowing, retry: retry.optional(), timeout: duration.optional() };
/** A node of a database. */
const stored = {
  ...attempted,
  db: z.string().optional(),
  tx: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/)
    .describe('the name of a transaction, letters, digits, - and _: "t1"')
    .optional(),
};
const ofEntity = { ...stored, entity };

/** A node's body: a graph of its own, which begins with a `start`. */
const body = {
  nodes: z.lazy((): z.ZodType<ProcessNodes> => nodes),
  edges: z.lazy((): typeof edges => edges),
};
const host = z
  .string()
  .regex(/^(\*|[a-z0-9.-]+(:\d{1,5})?)$/)
  .describe('a host, in small letters: "api.example.com", or "*"');
const methods = z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** One operation each, by `op`. */
export const processNodes = {
  start: z.strictObject({ op: z.literal("start"), label: base.label, out: flowing.out }),
  "queue.consume": z.strictObject({
    op: z.literal("queue.consume"),
    label: base.label,
    queue: slug,
    out: flowing.out,
  }),
  /** In the body of a forEach it gives the item's result, and has no name. */
  output: z.strictObject({ op: z.literal("output"), ...base, output: portName.optional() }),
  fail: z.strictObject({ op: z.literal("fail"), ...base, error: errorName, message: z.string().max(1000).optional() }),
  compute: z.strictObject({ op: z.literal("compute"), ...flowing, expr: expression }),
  transform: z.strictObject({ op: z.literal("transform"), ...flowing, values: expressions }),
  branch: z.strictObject({
    op: z.literal("branch"),
    ...flowing,
    cases: z.array(z.strictObject({ port: portName, when: expression })).min(1),
    else: portName,
  }),
  merge: z.strictObject({ op: z.literal("merge"), ...flowing }),
  /** Goes on by all its ports at once. */
  parallel: z.strictObject({ op: z.literal("parallel"), ...flowing }),
  /** Does its body for each item: `as` (item) is the port of its start that gives one, `index` counts from 0. */
  forEach: z.strictObject({
    op: z.literal("forEach"),
    ...flowing,
    items: expression,
    as: portName.optional(),
    limit: z.int().min(1).max(100).optional(),
    ...body,
  }),
  /** Undoes a node that was done, should the run fail for good or be cancelled. */
  compensate: z.strictObject({ op: z.literal("compensate"), ...base, of: nodeId, ...body }),
  "db.insert": z.strictObject({ op: z.literal("db.insert"), ...ofEntity, values: expressions }),
  "db.get": z.strictObject({
    op: z.literal("db.get"),
    ...ofEntity,
    id: expression.optional(),
    where: expression.optional(),
  }),
  "db.list": z.strictObject({
    op: z.literal("db.list"),
    ...ofEntity,
    where: expression.optional(),
    order: z.array(z.tuple([portName, z.enum(["asc", "desc"])])).optional(),
    limit: z.int().min(1).max(10_000).optional(),
  }),
  /** One row by its `id`, or all that `where` names. */
  "db.update": z.strictObject({
    op: z.literal("db.update"),
    ...ofEntity,
    id: expression.optional(),
    where: expression.optional(),
    values: expressions,
  }),
  "db.delete": z.strictObject({ op: z.literal("db.delete"), ...ofEntity, id: expression }),
  "db.query": z.strictObject({
    op: z.literal("db.query"),
    ...stored,
    query: slug,
    parameters: expressions.optional(),
  }),
  "service.call": z.strictObject({
    op: z.literal("service.call"),
    ...attempted,
    service: memberName,
    operation: memberName,
    body: expressions.optional(),
    idempotencyKey: expression.optional(),
  }),
  task: z.strictObject({
    op: z.literal("task"),
    ...attempted,
    task,
    body: expressions.optional(),
    idempotencyKey: expression.optional(),
  }),
  "http.request": z.strictObject({
    op: z.literal("http.request"),
    ...attempted,
    method: methods.optional(),
    url: expression,
    headers: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z0-9-]+$/)
          .describe("a header, letters, digits and -"),
        expression,
      )
      .optional(),
    body: expressions.optional(),
    secret: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/)
      .describe('the name of an environment variable: "HOOK_SECRET"')
      .optional(),
    privateHosts: z.array(z.string()).optional(),
    accept: z.array(z.int().min(100).max(599)).optional(),
  }),
  "queue.publish": z.strictObject({
    op: z.literal("queue.publish"),
    ...attempted,
    queue: slug,
    tx: stored.tx,
    message: expressions,
  }),
  signal: z.strictObject({
    op: z.literal("signal"),
    ...attempted,
    signal: slug,
    key: expression,
    tx: stored.tx,
    payload: expressions.optional(),
  }),
  wait: z.strictObject({
    op: z.literal("wait"),
    ...flowing,
    for: duration.optional(),
    until: expression.optional(),
    signal: slug.optional(),
    key: expression.optional(),
    timeout: duration.optional(),
  }),
  approval: z.strictObject({
    op: z.literal("approval"),
    ...flowing,
    allow: expression,
    question: z.string().max(1000).optional(),
    values: expressions.optional(),
    timeout: duration.optional(),
  }),
  startWorkflow: z.strictObject({
    op: z.literal("startWorkflow"),
    ...flowing,
    workflow: slug,
    body: expressions.optional(),
    wait: z.boolean().optional(),
    timeout: duration.optional(),
  }),
  log: z.strictObject({
    op: z.literal("log"),
    ...flowing,
    level: z.enum(["debug", "info", "warn", "error"]).optional(),
    message: z.string().max(1000),
    values: expressions.optional(),
  }),
} as const;
export type ProcessOp = keyof typeof processNodes;
export type ProcessNode = { [K in ProcessOp]: z.infer<(typeof processNodes)[K]> }[ProcessOp];
export type ProcessNodeOf<K extends ProcessOp> = z.infer<(typeof processNodes)[K]>;

type NodeSchema = (typeof processNodes)[ProcessOp];
const node = z.discriminatedUnion("op", Object.values(processNodes) as [NodeSchema, ...NodeSchema[]]);

/** Nodes by their ids. */
export interface ProcessNodes {
  [id: string]: ProcessNode;
}
const nodes = z.record(nodeId, node).describe('an object of nodes by their ids: {"start": {"op": "start"}, …}');

/** `node.port` → `node.port`. */
const endpoint = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,62}\.[a-z][A-Za-z0-9]*$/)
  .describe('an end of an edge, "node.port"');

const edge = z
  .tuple([endpoint, endpoint])
  .describe('an edge from an out port to an in port: ["node.port", "node.port"]');
const edges = z.array(edge).describe('a list of edges, each ["node.port", "node.port"]');

/** Which effects the process may have, and no others. */
const uses = z
  .strictObject({
    databases: z.record(z.string(), z.array(z.enum(["read", "write", "transaction"]))).optional(),
    queues: z.record(slug, z.array(z.enum(["publish", "consume"]))).optional(),
    services: z.record(memberName, z.array(memberName)).optional(),
    /** Methods by host; "*" is any other host. */
    http: z.record(host, z.array(methods)).optional(),
    tasks: z.array(task).optional(),
    workflows: z.array(slug).optional(),
    signals: z.array(slug).optional(),
  })
  .describe('an object of what the process may touch: {"databases": {"main": ["write"]}, "tasks": ["send-mail"]}');
export type ProcessUses = z.infer<typeof uses>;

export const processFile = z
  .strictObject({
    /** Of this format; by its address, or by the way to the file in the package. */
    $schema: z
      .string()
      .regex(/(^|\/)process-1\.json$/)
      .describe('the address of this format: "https://enginejs.dev/schema/process-1.json"')
      .optional(),
    kind: z.literal("process"),
    name: slug,
    version: z.int().positive(),
    type: z.enum(["calculation", "databaseWorkflow", "backgroundJob", "queueConsumer", "orchestratedWorkflow"]),
    execution: z.strictObject({
      model: z.enum(["sync", "async", "scheduled", "eventDriven"]),
      timeout: duration.optional(),
    }),
    description: z.string().max(2000).optional(),
    /** What starts it; by hand, by call and by other workflows where it is left out. */
    trigger: fileTrigger.optional(),
    /** Who may start it over the API: over `actor`, `flags` and `input`. */
    allow: expression.optional(),
    as: actorMode.optional(),
    retry: retry.optional(),
    options: fileOptions.optional(),
    /** Types by name, each a JSON Schema, draft 2020-12. */
    $defs: z.record(typeName, z.record(z.string(), z.json()).describe('a JSON Schema: {"type": "string"}')).optional(),
    input: typeName.optional(),
    outputs: z
      .record(portName, typeName)
      .describe('an object of outputs, each with the name of its type in $defs: {"placed": "Order"}')
      .optional(),
    errors: z
      .record(errorName, typeName)
      .describe('an object of errors, each with the name of its type in $defs: {"CardDeclined": "Problem"}')
      .optional(),
    uses: uses.optional(),
    nodes,
    edges,
  })
  .describe('a process: {"kind": "process", "name": "orders.place", "version": 1, …, "nodes": {…}, "edges": […]}');
export type ProcessFile = z.infer<typeof processFile>;

/** The format as JSON Schema, draft 2020-12: published as `schema/process-1.json`. */
export function processJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $id: "https://enginejs.dev/schema/process-1.json",
    title: "A process of EngineJS",
    ...z.toJSONSchema(processFile, { target: "draft-2020-12", io: "input", reused: "ref" }),
  };
}
