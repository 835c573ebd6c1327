import { z } from "zod";
import { entityName, fieldName, slugName } from "./names.ts";

/** What starts a run. */
export const trigger = z.strictObject({
  kind: z.literal("model"),
  entity: entityName,
  event: z.enum(["create", "update", "delete", "action"]),
  /** With `event: "action"`. */
  action: fieldName.optional(),
  /** Over `before`, `after` and `actor`; unknown is false. */
  condition: z.string().optional(),
});

export const retry = z.strictObject({
  /** How often a step is tried, the first time included. */
  attempts: z.int().min(1).max(1000),
  backoff: z.enum(["exponential", "fixed"]),
  initialMs: z.int().positive(),
  maxMs: z.int().positive(),
});

const nodeId = z.string().regex(/^[a-z][A-Za-z0-9]*$/);

/**
 * Expressions of a node are texts over `event` (`event.before`, `event.after`: the
 * stored columns as they were; `event.input`: an action's), `record` (the row as it
 * is now, read as the run's actor) and the results of earlier nodes by their id.
 */
export const workflowNode = z.discriminatedUnion("kind", [
  z.strictObject({ id: nodeId, kind: z.literal("start") }),
  /** Makes a row under the run's actor; its result is the row. */
  z.strictObject({
    id: nodeId,
    kind: z.literal("crud.create"),
    entity: entityName,
    values: z.record(fieldName, z.string()),
  }),
  /** Calls a task file; its result is what the task returns. */
  z.strictObject({ id: nodeId, kind: z.literal("task"), task: slugName, input: z.record(fieldName, z.string()) }),
  z.strictObject({
    id: nodeId,
    kind: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string(),
    values: z.record(fieldName, z.string()),
  }),
  z.strictObject({ id: nodeId, kind: z.literal("end") }),
]);
export type WorkflowNode = z.infer<typeof workflowNode>;

export const workflow = z.strictObject({
  name: slugName,
  version: z.int().positive(),
  description: z.string().optional(),
  type: z.literal("orchestrated"),
  execution: z.literal("event-driven"),
  trigger,
  /** As whom the steps run: the event's actor, or the system. */
  as: z.enum(["inherit", "system"]),
  retry,
  nodes: z.array(workflowNode),
  edges: z.array(z.strictObject({ from: nodeId, to: nodeId })),
  /** Why the workflow is there although the model does not say it: an action's effect. */
  inferred: z.string().optional(),
});
export type Workflow = z.infer<typeof workflow>;

/** A task file's contract, as its zod schemas say it; JSON Schema, draft 2020-12. */
export const task = z.strictObject({
  name: slugName,
  input: z.json().optional(),
  output: z.json().optional(),
});
export type Task = z.infer<typeof task>;
