import { workflowError } from "../errors/workflow-error.ts";
import { schemaMisfits } from "./schema-misfits.ts";

/**
 * Whether a server's answer is what the step says of it: else later steps would read null where they expect a value.
 *
 * @param what for the message: `Workflow ship, step ask: GET api.example.com`
 * @throws EJS6023 with each path that does not fit
 */
export function requireAnswer(schema: unknown, body: unknown, what: string): void {
  const misfits = schemaMisfits(schema, body);
  if (misfits.length > 0) throw workflowError("EJS6023", `${what} answers what does not fit: ${misfits.join("; ")}.`);
}
