import { workflowError } from "../errors/workflow-error.ts";
import type { Step } from "./run.ts";

/**
 * The key of a signal as text, the same for who waits and for who gives it.
 *
 * @throws EJS6013 where it is null
 */
export function signalKey(step: Step, signal: string, value: unknown): string {
  if (value === null || value === undefined) {
    const { name } = step.run.definition.workflow;
    throw workflowError("EJS6013", `Workflow ${name}, step ${step.path}: the key of the signal "${signal}" is null.`);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
