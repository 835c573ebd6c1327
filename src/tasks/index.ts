/** The worker: what a package user starts, and what task files throw. */
export { NonRetryableError } from "./non-retryable-error.ts";
export { type RunningWorker, startWorker, type WorkerOptions } from "./worker.ts";
