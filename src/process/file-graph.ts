/** The nodes of a process file, one operation each, and the edges between them: a graph, of which bodies are made as well. */
import { z } from "zod";
import {
  duration,
  entity,
  errorName,
  expression,
  expressions,
  memberName,
  methods,
  nodeId,
  portName,
  ports,
  retry,
  slug,
  task,
} from "./format-parts.ts";

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
export const nodes = z.record(nodeId, node).describe('an object of nodes by their ids: {"start": {"op": "start"}, …}');

/** `node.port` → `node.port`. */
const endpoint = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,62}\.[a-z][A-Za-z0-9]*$/)
  .describe('an end of an edge, "node.port"');

const edge = z
  .tuple([endpoint, endpoint])
  .describe('an edge from an out port to an in port: ["node.port", "node.port"]');
export const edges = z.array(edge).describe('a list of edges, each ["node.port", "node.port"]');
