/** Nodes that steer: where a run begins, parts, repeats, ends, and what undoes it. */
import { z } from "zod";
import { entityName, fieldName } from "./names.ts";
import { expressions, identified, nodeId, transacted } from "./workflow-node-parts.ts";

export const startNode = z.strictObject({ ...identified, kind: z.literal("start") });

/** Where paths end. With values: they are the run's output, by the name that `outputs` declares. */
export const endNode = z.strictObject({
  ...identified,
  kind: z.literal("end"),
  output: fieldName.optional(),
  values: expressions.optional(),
  /** In their place: the output is one value. */
  value: z.string().optional(),
});

/** Ends the run with an error that the workflow declares. */
export const failNode = z.strictObject({
  ...identified,
  kind: z.literal("fail"),
  error: z.string().regex(/^[A-Z][A-Za-z0-9]*$/),
  message: z.string().optional(),
  values: expressions,
  /** In their place: what it says is one value. */
  value: z.string().optional(),
});

/** Goes on by the port of the first case that is true, else by that of `else`; decided once, for the whole run. */
export const branchNode = z.strictObject({
  ...transacted,
  kind: z.literal("branch"),
  cases: z.array(z.strictObject({ port: fieldName, when: z.string() })).min(1),
  else: fieldName,
});

/** Where paths meet of which one was taken: its result is the value of the first case whose edge was. Its edges have no input. */
export const mergeNode = z.strictObject({
  ...transacted,
  kind: z.literal("merge"),
  cases: z.array(z.strictObject({ from: nodeId, port: fieldName.optional(), value: z.string() })).min(1),
  /** The JSON Schema of the value. */
  schema: z.json(),
});

/** Goes on by all its ports at once. Paths meet again in the node that they all lead to. */
export const parallelNode = z.strictObject({
  ...identified,
  kind: z.literal("parallel"),
  ports: z.array(fieldName).min(1),
});

/** What an item of a list is: a row of an entity, or JSON of a schema. */
const item = z.union([z.strictObject({ entity: entityName }), z.strictObject({ schema: z.json() })]);

/** Fields of `forEach` besides its body, which is a graph itself. */
export const forEachParts = {
  ...identified,
  kind: z.literal("forEach"),
  /** A list; kept when the first item begins, so that a restart has the same ones. */
  items: z.string(),
  item,
  /** The name of the item in the body's expressions; `<as>Index` counts from 0. */
  as: nodeId,
  /** So many items at the same time. */
  limit: z.int().min(1).max(100),
  /** Over what the body sees at its end: with it the result is `{ count, results }`, without it `{ count }`. */
  collect: z.string().optional(),
  /** The JSON Schema of one of its results, where it is known: later steps can name its members then. */
  collects: z.json().optional(),
};

/** Fields of `compensate` besides its body: what undoes a step that was done, when the run fails for good. No edge leads to it. */
export const compensateParts = {
  ...identified,
  kind: z.literal("compensate"),
  of: nodeId,
};
