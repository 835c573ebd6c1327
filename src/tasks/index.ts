/** The worker: what a package user starts, what task files throw, and how workflows are started, told and ended. */
export { NonRetryableError } from "../dsl/non-retryable-error.ts";
export { loadTasks } from "../project/load-tasks.ts";
export { type CallOptions, type CallResult, callWorkflow, WorkflowFailure } from "./call-workflow.ts";
export { catchStrayErrors } from "./stray-errors.ts";
export { startWorker } from "./worker.ts";
export type { RunningWorker, WorkerOptions } from "./worker-options.ts";
export { cancelWorkflow, signalWorkflow, startWorkflow } from "./workflow-client.ts";
