/** What a walk over a run's graph is given, and what it says of a step that is to be tried again. */
import type { Failure, Run, StepContext } from "./run.ts";
import type { WaitState } from "./run-store.ts";

/** A step that is to be tried again. */
export interface Pause extends Failure {
  readonly failures: number;
  /** In milliseconds. */
  readonly pause: number;
}

export interface PassOptions {
  readonly context: StepContext;
  readonly run: Run;
  /** Stops this walk alone; aborted with the run's signal. */
  readonly halt: AbortController;
  /** What became of the run's waits, by path. */
  readonly waits: ReadonlyMap<string, WaitState>;
  /** How often a step has failed so far, where no wait says so. */
  readonly failures: (path: string) => number;
  /** Writes a checkpoint, again and again until the database answers; false where the lease is lost. */
  readonly keep: (path: string, output: unknown) => Promise<boolean>;
}
