import { workflowError } from "../errors/workflow-error.ts";
import type { NodeOf } from "../model/index.ts";
import type { Step } from "./run.ts";
import { schemaMisfits } from "./schema-misfits.ts";

/**
 * Whether a signal's payload is what the step that waited for it says: else later steps would read null where they expect a value.
 *
 * @throws EJS6024 with each path that does not fit
 */
export function requirePayload(step: Step, node: NodeOf<"waitForSignal">, output: unknown): void {
  const { payload, timedOut } = output as { readonly payload?: unknown; readonly timedOut?: boolean };
  if (timedOut === true) return;
  const misfits = schemaMisfits(node.payload, payload);
  if (misfits.length === 0) return;
  const what = `Workflow ${step.run.definition.workflow.name}, step ${step.path}`;
  throw workflowError(
    "EJS6024",
    `${what}: the payload of the signal ${node.signal} does not fit: ${misfits.join("; ")}.`,
  );
}
