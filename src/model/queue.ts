/** Queues: named places for messages, between who publishes and every workflow that receives. */
import { z } from "zod";
import { slugName } from "./names.ts";
import { retry } from "./workflow-execution.ts";

/** A message is an event of the model `queue:<name>` and the action `message`, itself the event's `input`; each workflow that receives from the queue has one run per message. */
export const queue = z.strictObject({
  name: slugName,
  description: z.string().optional(),
  /** The JSON Schema, draft 2020-12, of a message; anything where it is absent. */
  message: z.json().optional(),
  /** What its consumers have where they say nothing of their own. */
  retry: retry.optional(),
  /** The roles of the tenant that may publish by `enginejs.publish`; nobody but the platform where it is absent. */
  publishers: z.array(slugName).min(1).optional(),
  /** Why the queue is there although the model does not declare it: a process names it. */
  inferred: z.string().optional(),
});
export type Queue = z.infer<typeof queue>;
