/** What the nodes of workflows have in common. */
import { z } from "zod";
import { fieldName } from "./names.ts";
import { retry } from "./workflow-execution.ts";

export const nodeId = z.string().regex(/^[a-z][A-Za-z0-9]*$/);

/** Every node. */
export const identified = {
  id: nodeId,
  /** For people: what stands in the picture of the graph. */
  label: z.string().optional(),
};

/** A node that does something which may fail. */
export const attempted = {
  ...identified,
  /** In place of the workflow's. */
  retry: retry.optional(),
  /** Of one attempt. */
  timeoutMs: z.int().positive().optional(),
};

/** A node in the database: nodes of one `tx` are one transaction, all their checkpoints with it. */
export const transacted = { ...attempted, tx: z.string().optional() };

/** JSON Schemas by the name of what each describes. */
export const schemas = z.record(fieldName, z.json());

/** Expressions by the name that each gives a value to. */
export const expressions = z.record(fieldName, z.string());

/** Condition over `row`, and the names that the step sees; unknown is false. */
export const rowCondition = z.string();
