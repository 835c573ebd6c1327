import { EngineError } from "./engine-error.ts";
import { workflowErrors } from "./workflow-errors.ts";

/** A finding of this stage as an error. The hint is the registry's unless a better one is known. */
export function workflowError(
  code: keyof typeof workflowErrors,
  message: string,
  options: { readonly hint?: string; readonly cause?: unknown } = {},
): EngineError {
  const hint = options.hint ?? workflowErrors[code].hint;
  return new EngineError([{ code, severity: "error", message, hint }], { cause: options.cause });
}
