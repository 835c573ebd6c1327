/** Every code that EngineJS can give, grouped by stage. Codes are never reused; `docs/errors.md` is held to this list by a test. */
import { compileErrors } from "./compile-errors.ts";
import { databaseErrors } from "./database-errors.ts";
import type { ErrorDefinition } from "./definition.ts";
import { expressionErrors } from "./expression-errors.ts";
import { modelErrors } from "./model-errors.ts";
import { processErrors } from "./process-errors.ts";
import { projectErrors } from "./project-errors.ts";
import { requestErrors } from "./request-errors.ts";
import { workflowErrors } from "./workflow-errors.ts";

export const errorStages = {
  project: projectErrors,
  expression: expressionErrors,
  model: modelErrors,
  process: processErrors,
  compile: compileErrors,
  database: databaseErrors,
  request: requestErrors,
  workflow: workflowErrors,
} as const;

export const errorRegistry: Readonly<Record<string, ErrorDefinition>> = Object.assign(
  {},
  ...Object.values(errorStages),
);
