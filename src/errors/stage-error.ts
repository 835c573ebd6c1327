import type { ErrorDefinition } from "./definition.ts";
import { EngineError } from "./engine-error.ts";

/** Makes errors of one stage's findings. The hint is the registry's unless a better one is known. */
export const stageError =
  <Code extends string>(definitions: Readonly<Record<Code, ErrorDefinition>>) =>
  (
    code: Code,
    message: string,
    { hint = definitions[code].hint, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
  ): EngineError =>
    new EngineError([{ code, severity: "error", message, hint }], { cause });
