import type pg from "pg";
import type { Actor } from "../database/act-as.ts";
import type { Log, TaskActor, TaskEvent } from "../dsl/task.ts";
import type { WorkflowEdge } from "../model/index.ts";
import type { Build } from "./build.ts";
import type { Definition } from "./definitions.ts";
import type { Frame } from "./frame.ts";
import type { JointTransaction } from "./joint-transaction.ts";
import type { Observer } from "./observe.ts";
import type { RunTrace } from "./observe-traces.ts";
import type { RunStore } from "./run-store.ts";

/** What `enginejs.workflow_claim` gives. */
export interface ClaimedRun {
  readonly id: string;
  readonly lease: number;
  readonly definition_id: number;
  readonly segment: number;
  readonly attempts: number;
  readonly failed_step: string | null;
  readonly failures: number;
  readonly event: TaskEvent;
  readonly actor: TaskActor | null;
  readonly origin: RunOrigin | null;
  /** By path; each is written once. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Whether it has ever waited for anything. */
  readonly waits: boolean;
  /** It has failed for good, and what it did is being undone. */
  readonly failure: Failure | null;
  /** Why somebody wants it to end. */
  readonly cancel: string | null;
  /** Since its event, in milliseconds. */
  readonly age_ms: number;
}

export interface RunOrigin {
  readonly requestId?: string | null;
  readonly runId?: string | null;
  readonly depth?: number;
  /** The step that waits for this run. */
  readonly parentStep?: string | null;
  /** Of the request, or the step of another run, that wrote: W3C's form. */
  readonly traceparent?: string | null;
  /** Somebody waits for its end and is to be told. */
  readonly awaited?: boolean;
  /** Its input was checked when it was started. */
  readonly checked?: boolean;
}

export interface Failure {
  /** The node's path. */
  readonly step: string;
  readonly error: string;
}

/** The result of a run's last step, which has no checkpoint yet: it is kept together with the run's end. */
export interface LastResult {
  readonly step: string;
  readonly output: unknown;
}

/** A run that this worker holds the lease of. */
export interface Run {
  readonly id: string;
  readonly lease: number;
  readonly segment: number;
  readonly definition: Definition;
  readonly build: Build;
  readonly event: TaskEvent;
  readonly actor: TaskActor | null;
  /** As whom the steps act. */
  readonly as: Actor;
  /** How many runs deep the events are that its steps cause. */
  readonly depth: number;
  /** Results so far, by path. */
  readonly results: Record<string, unknown>;
  /** Where spans are recorded. */
  readonly trace: RunTrace | undefined;
  /** What the events that it causes carry on; empty for none. */
  readonly traceparent: string;
  /** Aborted when the run is cancelled or late, the lease is lost, or the worker stops. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** One attempt at one node of a run. */
export interface Step {
  /** Its signal is this attempt's: aborted also when its time is over. */
  readonly run: Run;
  /** Names it in checkpoints, waits and logs: `remind[3].mail`. */
  readonly path: string;
  readonly frame: Frame;
  /** The edges by which it was reached. */
  readonly came?: readonly WorkflowEdge[];
}

/** What steps need of the worker. */
export interface StepContext {
  readonly pool: pg.Pool;
  readonly store: RunStore;
  readonly tasks: ReadonlyMap<string, unknown>;
  /** A secret that signs, by the name of its environment variable. */
  readonly secret: (variable: string) => string | undefined;
  readonly observer: Observer;
  /** The transaction that this step is a part of, where it is one of several. */
  readonly transaction?: JointTransaction;
}

/** What came of a step: its result, which has a checkpoint, or that the run has to wait. */
export type StepOutcome = { readonly output: unknown } | "waiting";
