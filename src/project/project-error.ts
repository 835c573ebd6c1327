import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { projectErrors } from "../errors/project-errors.ts";

interface FindingOptions {
  /** Null for none. */
  readonly hint?: string | null | undefined;
  readonly where?: SourceLocation | undefined;
  readonly sourceLine?: string | undefined;
}

/** A finding of this stage. The hint is the registry's unless a better one is known. */
export function projectFinding(
  code: keyof typeof projectErrors,
  message: string,
  { hint = projectErrors[code].hint, where, sourceLine }: FindingOptions = {},
): Diagnostic {
  return {
    code,
    severity: "error",
    message,
    ...(hint !== null && { hint }),
    ...(where !== undefined && { where }),
    ...(sourceLine !== undefined && { sourceLine }),
  };
}

/** A finding of this stage, as an error. */
export function projectError(
  code: keyof typeof projectErrors,
  message: string,
  options: FindingOptions & { readonly cause?: unknown } = {},
): EngineError {
  return new EngineError([projectFinding(code, message, options)], { cause: options.cause });
}
