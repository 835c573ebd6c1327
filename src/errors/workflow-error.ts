import { stageError } from "./stage-error.ts";
import { workflowErrors } from "./workflow-errors.ts";

/** A finding about a workflow, or about a run of it, as an error. */
export const workflowError = stageError(workflowErrors);
