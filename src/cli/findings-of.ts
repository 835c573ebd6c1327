import { statementFailure } from "../database/statement-failure.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { projectErrors } from "../errors/project-errors.ts";

/** What an error has to say, also one that nobody expected. */
export function findingsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof EngineError) return error.diagnostics;
  const known = statementFailure(error);
  if (known !== undefined) return known.diagnostics;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [{ code: "EJS1000", severity: "error", message, hint: projectErrors.EJS1000.hint }];
}
