/** From a claim to what came of it: walks over the graph until every path has ended, waits, or failed; undoes what failed for good. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { workflowError } from "../errors/workflow-error.ts";
import { LeaseLost } from "./act-in-run.ts";
import type { Build } from "./build.ts";
import type { Definition, Definitions } from "./definitions.ts";
import { compensationFrame, outerFrame, placeOf } from "./frame.ts";
import { GraphPass } from "./graph-pass.ts";
import { logWithFields } from "./log-with-fields.ts";
import { notUndone } from "./not-undone.ts";
import type { Observer } from "./observe.ts";
import type { RunTrace } from "./observe-traces.ts";
import type { Pause } from "./pass-options.ts";
import { requireInput } from "./require-input.ts";
import { requireMessage } from "./require-message.ts";
import type { ClaimedRun, Failure, LastResult, Run, StepContext } from "./run.ts";
import { runActor } from "./run-actor.ts";
import { Ended, type RunControl } from "./run-control.ts";
import type { RunStore, WaitState } from "./run-store.ts";
import { stepFailure } from "./step-failure.ts";

/** Before a run is taken up again whose connection to the database was lost, in milliseconds. */
export const GONE_PAUSE = 300;

/** How many runs may follow from one another: a workflow that causes its own event would never end. */
const maxDepth = 50;

export interface ExecutionOptions {
  readonly pool: pg.Pool;
  readonly store: RunStore;
  readonly definitions: Definitions;
  /** The newest build that this worker knows. */
  readonly build: () => Build;
  /** Asks the database for a newer one. */
  readonly newestBuild: () => Promise<Build>;
  readonly tasks: () => ReadonlyMap<string, unknown>;
  /** A secret that signs, by the name of its environment variable. */
  readonly secret: (variable: string) => string | undefined;
  readonly log: Log;
  readonly observer: Observer;
  /** Writes until the database answers, and gives the answer; false where it gives up. */
  readonly persist: <T>(run: { readonly id: string }, write: () => Promise<T>) => Promise<T | false>;
}

export type Outcome =
  | { readonly kind: "lost" | "parked" }
  | { readonly kind: "done"; readonly output: unknown; readonly last?: LastResult }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "put back"; readonly pause: number; readonly failure?: Failure };

export class RunExecution {
  private readonly options: ExecutionOptions;
  private readonly claimed: ClaimedRun;
  private readonly control: RunControl;
  private readonly definition: Definition;
  private readonly results: Record<string, unknown>;
  private readonly began = performance.now();
  /** Whether there may be rows of this run among the waits. */
  private waits: boolean;
  private readonly trace: RunTrace | undefined;

  constructor(
    options: ExecutionOptions,
    claimed: ClaimedRun,
    control: RunControl,
    definition: Definition,
    trace: RunTrace | undefined,
  ) {
    this.trace = trace;
    this.options = options;
    this.claimed = claimed;
    this.control = control;
    this.definition = definition;
    this.results = { ...claimed.results };
    this.waits = claimed.waits;
  }

  async execute(): Promise<Outcome> {
    const { claimed, control } = this;
    if (claimed.failure !== null) return this.turnBack(claimed.failure);
    if (claimed.cancel !== null) control.abort(new Ended(claimed.cancel));
    try {
      return await this.forward();
    } catch (error) {
      if (error instanceof LeaseLost || control.signal.reason instanceof LeaseLost) return { kind: "lost" };
      const { retryable, message } = stepFailure(error);
      // The step `start`: what comes before the first one, such as who acts.
      if (retryable) throw error;
      return this.turnBack({ step: "start", error: message });
    }
  }

  private async forward(): Promise<Outcome> {
    const { control } = this;
    await this.requireWorkflow();
    await requireInput(this.options.pool, this.definition, this.claimed);
    requireMessage(this.definition, this.claimed);
    const run = await this.run();
    for (;;) {
      const waits = await this.resume(run);
      if (waits === undefined) return { kind: "lost" };
      const pass = this.pass(run, waits);
      const walk = await pass.walkRun();
      if (pass.leaseLost || control.signal.reason instanceof LeaseLost) return { kind: "lost" };
      if (walk === "done" && pass.failure === undefined && control.ended === undefined) {
        return { kind: "done", output: pass.output, ...(pass.last === undefined ? {} : { last: pass.last }) };
      }
      if (!(await pass.keepLast())) return { kind: "lost" };
      if (pass.failure !== undefined) return this.turnBack(pass.failure);
      if (control.ended !== undefined) {
        return this.turnBack({
          step: pass.interrupted ?? this.claimed.failed_step ?? pass.waiting[0] ?? "start",
          error: control.ended.message,
        });
      }
      if (control.signal.aborted) return { kind: "put back", pause: 0 };
      const outcome = await this.waitFor(run, pass);
      if (outcome !== "again") return outcome;
    }
  }

  /** Puts a run back of which something waits, or is to be tried again. */
  private async waitFor(run: Run, { pauses, waiting, gone }: GraphPass): Promise<Outcome | "again"> {
    const { store, persist } = this.options;
    const [pause, ...more] = pauses;
    if (gone && pause === undefined) return { kind: "put back", pause: GONE_PAUSE };
    if (pause !== undefined && more.length === 0 && waiting.length === 0 && !this.waits) {
      return { kind: "put back", pause: pause.pause, failure: { step: pause.step, error: pause.error } };
    }
    this.waits = true;
    for (const each of pauses) {
      if ((await persist(run, () => this.pause(run, each))) !== true) return { kind: "lost" };
      run.log.warn(`step failed, tried again in ${each.pause} ms: ${each.error}`, { step: each.step });
    }
    // What this process holds of the run may be too old to go on with.
    if (gone) return { kind: "put back", pause: GONE_PAUSE };
    const steps = [...waiting, ...pauses.map(({ step }) => step)];
    const parked = await persist(run, () => store.park(run, steps, this.timeLeft()));
    return parked === "again" ? "again" : { kind: parked || "lost" };
  }

  private async pause(run: Run, { step, pause, failures, error }: Pause): Promise<boolean> {
    const written = await this.options.store.wait(run, {
      step,
      kind: "retry",
      ms: pause,
      details: { failures, error },
    });
    return written !== false;
  }

  /** Undoes what the run did, the last of it first, and ends it. */
  private async turnBack(failure: Failure): Promise<Outcome> {
    const { definition, control } = this;
    const { store, persist } = this.options;
    if (!definition.graph.compensates && !this.waits) return { kind: "failed", failure };
    control.turnBack();
    const run = await this.run();
    const steps = await persist(run, () => store.compensate(run, failure));
    if (!steps) return { kind: "lost" };
    for (;;) {
      const outcome = definition.graph.compensates ? await this.undo(run, steps) : undefined;
      if (outcome === "again") continue;
      return (
        outcome ?? { kind: "failed", failure: { step: failure.step, error: failure.error + notUndone(this.results) } }
      );
    }
  }

  private async undo(run: Run, steps: readonly string[]): Promise<Outcome | "again" | undefined> {
    const { definition, control, options } = this;
    const waits = await this.resume(run);
    if (waits === undefined) return { kind: "lost" };
    const outer = outerFrame(run.results);
    for (const path of steps.toReversed()) {
      const place = placeOf(path, definition, run.results, outer);
      const compensation = place?.graph.compensations.get(place.id);
      if (place === undefined || compensation?.body === undefined) continue;
      const { id } = compensation.node;
      const at = place.frame.prefix + id;
      if (at in run.results) continue;
      const pass = this.pass(run, waits);
      const walk = await pass.walk(compensation.body, compensationFrame(place.frame, id));
      if (pass.leaseLost || control.signal.reason instanceof LeaseLost) return { kind: "lost" };
      if (pass.failure !== undefined) {
        const { step, error } = pass.failure;
        run.log.error(`a compensation failed: ${error}`, { step });
        const kept = await options.persist(run, () => options.store.checkpoint(run, at, { error, step }));
        if (!kept) return { kind: "lost" };
        run.results[at] = { error, step };
        continue;
      }
      if (walk === "done") continue;
      if (control.signal.aborted) return { kind: "put back", pause: 0 };
      return this.waitFor(run, pass);
    }
    return undefined;
  }

  private pass(run: Run, waits: ReadonlyMap<string, WaitState>): GraphPass {
    const { claimed, options } = this;
    return new GraphPass({
      context: this.context(),
      run,
      halt: this.control.startWalk(),
      waits,
      failures: (path) => (claimed.failed_step === path ? claimed.failures : 0),
      keep: async (path, output) =>
        (await options.persist(run, () => options.store.checkpoint(run, path, output))) === true,
    });
  }

  private context(): StepContext {
    const { pool, store, tasks, secret, observer } = this.options;
    return { pool, store, tasks: tasks(), secret, observer };
  }

  /** What became of the run's waits; their results are the run's. Undefined where the lease is lost. */
  private async resume(run: Run): Promise<ReadonlyMap<string, WaitState> | undefined> {
    if (!this.waits) return new Map();
    // Not asked again where the answer is lost: what has become a checkpoint by then is told by a claim only.
    const waits = await this.options.store.resume(run);
    if (!waits) return undefined;
    for (const { step, state, output } of waits) {
      if (state === "done") run.results[step] = output ?? null;
    }
    return new Map(waits.map((wait) => [wait.step, wait]));
  }

  /** Milliseconds until the run as a whole has to be done. */
  private timeLeft(): number | undefined {
    const { timeoutMs } = this.definition.workflow.options ?? {};
    return timeoutMs === undefined ? undefined : timeoutMs - this.claimed.age_ms - (performance.now() - this.began);
  }

  /** @throws EJS6010 where the newest build has no such workflow any more */
  private async requireWorkflow(): Promise<void> {
    const { name } = this.definition.workflow;
    if (this.options.build().workflows.has(name) || (await this.options.newestBuild()).workflows.has(name)) return;
    throw workflowError("EJS6010", `The workflow ${name} was removed from the model while this run was not done.`);
  }

  private async run(): Promise<Run> {
    const { claimed, definition, control, options } = this;
    const { workflow } = definition;
    const build = options.build();
    const depth = (claimed.origin?.depth ?? 0) + 1;
    if (depth > maxDepth && claimed.failure === null) {
      throw workflowError(
        "EJS6009",
        `Workflow ${workflow.name}: ${maxDepth} runs before it followed from one another.`,
      );
    }
    const as = await runActor(options.pool, build, workflow, claimed);
    return {
      id: claimed.id,
      lease: claimed.lease,
      segment: claimed.segment,
      definition,
      build,
      event: claimed.event,
      actor: claimed.actor,
      as,
      depth,
      results: this.results,
      trace: this.trace,
      traceparent: claimed.origin?.traceparent ?? "",
      signal: control.signal,
      log: logWithFields(options.log, {
        run: claimed.id,
        workflow: workflow.name,
        // The record's, where nobody with a tenant stands behind the event: rows by hand, the clock.
        tenant: as.tenant ?? claimed.actor?.tenant ?? null,
      }),
    };
  }
}
