import { databaseErrors } from "../errors/database-errors.ts";
import { EngineError } from "../errors/engine-error.ts";

/** A finding of this stage as an error. The hint is the registry's unless a better one is known. */
export function databaseError(
  code: keyof typeof databaseErrors,
  message: string,
  options: { readonly hint?: string; readonly cause?: unknown } = {},
): EngineError {
  const hint = options.hint ?? databaseErrors[code].hint;
  return new EngineError([{ code, severity: "error", message, hint }], { cause: options.cause });
}
