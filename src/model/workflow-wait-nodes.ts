/** Steps that wait: the run leaves the memory of its worker, and what it waits for is a row of enginejs.workflow_waits. */
import { z } from "zod";
import { slugName } from "./names.ts";
import { expressions, identified } from "./workflow-node-parts.ts";

/** Waits for a length of time, or until a moment. */
export const sleepNode = z.strictObject({
  ...identified,
  kind: z.literal("sleep"),
  until: z.union([z.strictObject({ ms: z.int().positive() }), z.strictObject({ moment: z.string() })]),
});

/** Waits for `enginejs.workflow_signal(signal, key, payload)`; its result is `{ payload, timedOut }`. */
export const waitForSignalNode = z.strictObject({
  ...identified,
  kind: z.literal("waitForSignal"),
  signal: slugName,
  /** Which one of that name: the record's id, say. */
  key: z.string(),
  /** The JSON Schema of its payload, where it is known: later steps can name its members then. */
  payload: z.json().optional(),
  timeoutMs: z.int().positive().optional(),
});

/** Waits for a person's decision; its result is `{ approved, by, comment, timedOut }`. */
export const approvalNode = z.strictObject({
  ...identified,
  kind: z.literal("approval"),
  /** Who may decide: over `actor` and what the step sees, asked when he does; unknown is false. */
  policy: z.string(),
  /** What he is asked. */
  question: z.string().optional(),
  /** What he is shown. */
  values: expressions,
  timeoutMs: z.int().positive().optional(),
  /** What a refusal and a timeout are: an answer that later steps look at, or the end of the run. */
  refused: z.enum(["continue", "fail"]),
});

/** Starts another workflow; its result is `{ runId }`, or after waiting what the other one gave. */
export const startWorkflowNode = z.strictObject({
  ...identified,
  kind: z.literal("startWorkflow"),
  workflow: slugName,
  input: expressions,
  /** Waits until it has ended: its failure is this step's. Detached, it goes its own way. */
  wait: z.boolean(),
  timeoutMs: z.int().positive().optional(),
});
