/** Workflows: a graph of steps that follows an event, durably. */
import { z } from "zod";
import { fieldName, slugName, taskName } from "./names.ts";
import { actorMode, executionOptions, retry } from "./workflow-execution.ts";
import { graphParts } from "./workflow-graph.ts";
import { trigger } from "./workflow-trigger.ts";

/** A JSON Schema, draft 2020-12. */
const schema = z.json();

export const workflow = z.strictObject({
  name: slugName,
  version: z.int().positive(),
  description: z.string().optional(),
  type: z.enum(["calculation", "database", "background", "queue-consumer", "orchestrated"]),
  execution: z.enum(["sync", "async", "scheduled", "event-driven"]),
  trigger,
  as: actorMode,
  retry,
  options: executionOptions.optional(),
  /** What a run is given, where no record is concerned. */
  input: schema.optional(),
  /** What a run gives, by the name of the end that it comes to. */
  outputs: z.record(fieldName, schema).optional(),
  /** The errors that it may end with. */
  errors: z.record(z.string().regex(/^[A-Z][A-Za-z0-9]*$/), schema).optional(),
  ...graphParts,
  /** Why the workflow is there although the model does not say it: an action's effect. */
  inferred: z.string().optional(),
});
export type Workflow = z.infer<typeof workflow>;

/** The contract of a task file, or of a plugin's step, as its zod schemas say it; JSON Schema, draft 2020-12. */
export const task = z.strictObject({
  name: taskName,
  /** Whose step it is; absent for a task file. */
  plugin: slugName.optional(),
  input: z.json().optional(),
  output: z.json().optional(),
});
export type Task = z.infer<typeof task>;
