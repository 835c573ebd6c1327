/** Runs workflows: claims a run, does its steps in order, ends it or puts it back. Never throws: the run's row says what came of it. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import type { WorkflowNode } from "../model/index.ts";
import { LeaseLost } from "./act-in-run.ts";
import type { Build } from "./build.ts";
import type { Definitions } from "./definitions.ts";
import { sleep } from "./loop.ts";
import { retryDelay } from "./retry-delay.ts";
import type { ClaimedRun, Run, StepContext } from "./run.ts";
import { runActor } from "./run-actor.ts";
import type { Lease, RunStore } from "./run-store.ts";
import { stepFailure } from "./step-failure.ts";
import { createStep } from "./steps/create.ts";
import { logStep } from "./steps/log.ts";
import { taskStep } from "./steps/task.ts";
import { workflowError } from "./workflow-error.ts";

/** How many runs may follow from one another: a workflow that causes its own event would never end. */
const maxDepth = 50;

export interface RunnerOptions {
  readonly pool: pg.Pool;
  readonly store: RunStore;
  readonly definitions: Definitions;
  /** The newest build. */
  readonly build: () => Build;
  readonly tasks: () => ReadonlyMap<string, unknown>;
  readonly log: Log;
}

export class Runner {
  private readonly options: RunnerOptions;
  private readonly active = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  private stopping = false;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** The runs that this process is at. */
  get activeRuns(): string[] {
    return [...this.active.keys()];
  }

  /** What a job rings for: runs the run if it is this worker's turn. */
  async ring(runId: string): Promise<void> {
    if (this.stopping || this.active.has(runId)) return;
    const abort = new AbortController();
    const done = this.claimAndRun(runId, abort.signal).catch((error: Error) => {
      this.options.log.error(`run ${runId}: ${error.message}`, { run: runId });
    });
    this.active.set(runId, { abort, done });
    await done;
    this.active.delete(runId);
  }

  /** The leases are lost, all of them: this worker was declared dead. */
  abandon(): void {
    for (const { abort } of this.active.values()) abort.abort(new LeaseLost());
  }

  /** Takes no run any more, tells those under way to stop, and waits for them. */
  async stop(patience: number): Promise<void> {
    this.stopping = true;
    const done = Promise.allSettled([...this.active.values()].map((run) => run.done));
    const waited = new AbortController();
    await Promise.race([done, sleep(patience / 2, waited.signal)]);
    for (const { abort } of this.active.values()) abort.abort(new Stopping());
    await Promise.race([done, sleep(patience / 2, waited.signal)]);
    waited.abort();
  }

  private async claimAndRun(runId: string, signal: AbortSignal): Promise<void> {
    const claimed = await this.options.store.claim(runId);
    if (claimed === undefined) return;
    let outcome: Outcome;
    try {
      outcome = await this.steps(claimed, signal);
    } catch (error) {
      outcome = this.failed(
        claimed,
        undefined,
        { attempts: 5, backoff: "exponential", initialMs: 1_000, maxMs: 60_000 },
        error,
        signal,
      );
    }
    await this.settle(claimed, outcome);
  }

  private async steps(claimed: ClaimedRun, signal: AbortSignal): Promise<Outcome> {
    const { pool, store, definitions, log } = this.options;
    const definition = await definitions.get(claimed.definition_id);
    const { workflow, nodes } = definition;
    const { before, after } = claimed.event;
    const fields = { run: claimed.id, workflow: workflow.name, tenant: claimed.actor?.tenant ?? null };
    let at: string | undefined;
    try {
      const run: Run = {
        id: claimed.id,
        lease: claimed.lease,
        segment: claimed.segment,
        definition,
        build: this.options.build(),
        event: claimed.event,
        actor: claimed.actor,
        as: runActor({ workflow, actor: claimed.actor, before, after }),
        depth: (claimed.origin?.depth ?? 0) + 1,
        results: { ...claimed.results },
        signal,
        log: withFields(log, fields),
      };
      if (run.depth > maxDepth) {
        throw workflowError(
          "EJS6009",
          `Workflow ${workflow.name}: ${maxDepth} runs before it followed from one another.`,
        );
      }
      const context: StepContext = { pool, store, tasks: this.options.tasks() };
      for (const node of nodes) {
        if (node.kind === "start" || node.kind === "end" || node.id in run.results) continue;
        at = node.id;
        signal.throwIfAborted();
        run.results[node.id] = await this.step(context, run, node);
      }
      return { kind: "done" };
    } catch (error) {
      return this.failed(claimed, at, workflow.retry, error, signal);
    }
  }

  private async step(context: StepContext, run: Run, node: WorkflowNode): Promise<unknown> {
    switch (node.kind) {
      case "crud.create":
        return createStep(context, run, node);
      case "task":
        return this.outside(context, run, node.id, await taskStep(context, run, node));
      case "log":
        return this.outside(context, run, node.id, await logStep(context, run, node));
      case "start":
      case "end":
        return null;
      default:
        return node satisfies never;
    }
  }

  /** What was done outside is done: its checkpoint is tried until the database answers, so that it is not done again. */
  private async outside(context: StepContext, run: Run, step: string, output: unknown): Promise<unknown> {
    const held = await this.persist(run, () => context.store.checkpoint(run, step, output));
    if (!held) throw new LeaseLost();
    // As later steps would read it after a restart.
    return JSON.parse(JSON.stringify(output ?? null));
  }

  private failed(
    claimed: ClaimedRun,
    step: string | undefined,
    retry: { attempts: number; backoff: "exponential" | "fixed"; initialMs: number; maxMs: number },
    error: unknown,
    signal: AbortSignal,
  ): Outcome {
    if (error instanceof LeaseLost || signal.reason instanceof LeaseLost) return { kind: "lost" };
    // Whatever a step throws after it was told to stop is no failure of its own.
    if (signal.aborted) return { kind: "put back", pause: 0 };
    const { retryable, message } = stepFailure(error);
    const failure = { step: step ?? "start", error: message };
    const failures = (claimed.failed_step === failure.step ? claimed.failures : 0) + 1;
    if (!retryable || failures >= retry.attempts) return { kind: "failed", failure };
    return { kind: "put back", pause: retryDelay(retry, failures), failure };
  }

  private async settle(claimed: ClaimedRun, outcome: Outcome): Promise<void> {
    const { store, log } = this.options;
    const lease: Lease = { id: claimed.id, lease: claimed.lease };
    const fields = { run: claimed.id, attempt: claimed.attempts };
    switch (outcome.kind) {
      case "lost":
        log.warn("the lease of a run was lost", fields);
        return;
      case "done":
        if (await this.persist(lease, () => store.finish(lease))) log.debug("run done", fields);
        return;
      case "failed": {
        const { step, error } = outcome.failure;
        if (await this.persist(lease, () => store.finish(lease, outcome.failure))) {
          log.error(`run failed: ${error}`, { ...fields, step });
        }
        return;
      }
      case "put back": {
        const { failure, pause } = outcome;
        if ((await this.persist(lease, () => store.putBack(lease, pause, failure))) && failure !== undefined) {
          log.warn(`step failed, tried again in ${pause} ms: ${failure.error}`, { ...fields, step: failure.step });
        }
        return;
      }
      default:
        outcome satisfies never;
    }
  }

  /** Writes until the database answers. Writing twice does no harm: what counts is the lease. */
  private async persist(run: Lease, write: () => Promise<boolean>): Promise<boolean> {
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      try {
        return await write();
      } catch (error) {
        const { final, message } = writeFailure(error);
        this.options.log.warn(`run ${run.id}: ${message}`, { run: run.id });
        // Its lease stays: whoever reaps this worker, or its own look for forgotten runs, gives it back.
        if (final || this.stopping) return false;
        await sleep(pause);
      }
    }
  }
}

type Failure = { readonly step: string; readonly error: string };
type Outcome =
  | { readonly kind: "done" | "lost" }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "put back"; readonly pause: number; readonly failure?: Failure };

/** The reason of an abort when the worker stops. */
class Stopping extends Error {
  constructor() {
    super("the worker stops");
    this.name = "Stopping";
  }
}

function writeFailure(error: unknown): { final: boolean; message: string } {
  const { retryable, message } = stepFailure(error);
  return { final: !retryable, message };
}

function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  const line =
    (level: keyof Log): Log["info"] =>
    (message, more) =>
      log[level](message, { ...fields, ...more });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
