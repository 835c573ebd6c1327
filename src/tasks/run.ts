import type pg from "pg";
import type { Actor } from "../database/act-as.ts";
import type { Log, TaskActor, TaskEvent } from "../dsl/task.ts";
import type { Build } from "./build.ts";
import type { Definition } from "./definitions.ts";
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
  readonly origin: { readonly requestId: string | null; readonly runId: string | null; readonly depth: number } | null;
  /** By step; each is written once. */
  readonly results: Readonly<Record<string, unknown>>;
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
  /** Results so far, by step. */
  readonly results: Record<string, unknown>;
  /** Aborted when the lease is lost or the worker stops. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What steps need of the worker. */
export interface StepContext {
  readonly pool: pg.Pool;
  readonly store: RunStore;
  readonly tasks: ReadonlyMap<string, unknown>;
}
