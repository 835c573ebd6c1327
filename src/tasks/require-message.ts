import { z } from "zod";
import { workflowError } from "../errors/workflow-error.ts";
import type { Definition } from "./definitions.ts";
import { exactNumbersForSchema } from "./exact-json.ts";
import type { ClaimedRun } from "./run.ts";

const schemas = new WeakMap<Definition, z.ZodType | undefined>();

/**
 * Whether a message is what the definition of its consumer was built with. It was checked when it was published; but the queue's schema
 * may have been another one then, and not all of a schema can be checked in SQL. In memory: a consumer costs no round trip more.
 *
 * @throws EJS6017 with each path that does not fit
 */
export function requireMessage(
  definition: Definition,
  { event, results }: Pick<ClaimedRun, "event" | "results">,
): void {
  const { name, trigger } = definition.workflow;
  if (trigger.kind !== "queue" || Object.keys(results).length > 0) return;
  const result = schemaOf(definition)?.safeParse(exactNumbersForSchema(event.input));
  if (result === undefined || result.success) return;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  throw workflowError(
    "EJS6017",
    `Workflow ${name}: the message ${event.recordId} of the queue ${trigger.queue} does not fit: ${issues.join("; ")}.`,
    { cause: result.error },
  );
}

function schemaOf(definition: Definition): z.ZodType | undefined {
  if (!schemas.has(definition)) schemas.set(definition, zodOf(definition.workflow.input));
  return schemas.get(definition);
}

function zodOf(schema: unknown): z.ZodType | undefined {
  if (schema === undefined) return undefined;
  try {
    return z.fromJSONSchema(schema as never);
  } catch {
    // Said by hand, with words that zod does not know: what SQL could check, it has.
    return undefined;
  }
}
