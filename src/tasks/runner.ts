/** Runs workflows: claims a run, has it executed, ends it or puts it back. Never throws: the run's row says what came of it. */
import { LeaseLost } from "./act-in-run.ts";
import { isLostConnection } from "./database-gone.ts";
import { executeRun } from "./execute-run.ts";
import { sleep } from "./loop.ts";
import { retryDelay } from "./retry-delay.ts";
import type { ClaimedRun } from "./run.ts";
import { Ended, RunControl, Stopping } from "./run-control.ts";
import { type ExecutionOptions, GONE_PAUSE, type Outcome } from "./run-execution.ts";
import type { Lease } from "./run-store.ts";
import { Slots } from "./slots.ts";
import { stepFailure } from "./step-failure.ts";
import { hasTurns } from "./turn-statement.ts";

export interface RunnerOptions extends Omit<ExecutionOptions, "persist"> {
  /** How many runs at the same time. */
  readonly concurrency: number;
}

/** How long a job waits for a free hand here before it is handed on to whoever has one. */
const HAND_ON = 500;

/** For what goes wrong outside of any step, such as reading the definition. */
const PATIENCE = { attempts: 5, backoff: "exponential", initialMs: 1_000, maxMs: 60_000 } as const;

export class Runner {
  private readonly options: RunnerOptions;
  private readonly active = new Map<string, { readonly control: RunControl; readonly done: Promise<void> }>();
  /** Those of the relay take theirs by themselves: see `take`. */
  readonly slots: Slots;
  private stopping = false;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.slots = new Slots(options.concurrency);
  }

  /** The runs that this process is at. */
  get activeRuns(): string[] {
    return [...this.active.keys()];
  }

  /**
   * What a job rings for: takes those of the runs that it is this worker's turn for, and hands on what it has no hands
   * for. The job is over when they are claimed: from then on it is their leases that guard them.
   */
  async ring(runIds: readonly string[]): Promise<void> {
    await Promise.all(runIds.map((id) => this.takeOrHandOn(id)));
  }

  private async takeOrHandOn(id: string): Promise<void> {
    // Perhaps it is at its end here, and queued already by what came of it.
    const { done } = this.active.get(id) ?? {};
    if (done !== undefined) await Promise.race([done, sleep(HAND_ON)]);
    const mayTake = () => !this.stopping && !this.active.has(id);
    if (mayTake() && (await this.slots.take(HAND_ON))) {
      if (mayTake())
        return new Promise((claimed) => this.begin(id, (control) => this.claimAndRun(id, control, claimed)));
      this.slots.give();
    }
    // Where this fails, the relay finds that nobody rings for the run.
    await this.options.store.handOn(id).catch((error: Error) => {
      this.options.log.warn(`run ${id}: ${error.message}`, { run: id });
    });
  }

  /** Does runs that the relay has begun for this worker, which took a slot for each. */
  take(runs: readonly ClaimedRun[]): void {
    for (const run of runs) {
      const before = this.active.get(run.id)?.done;
      this.begin(run.id, async (control) => {
        // What it did under a lease that it has no more, after a crash of the server.
        await before;
        await this.execute(run, control);
      });
    }
  }

  /** The caller has taken a slot. */
  private begin(id: string, work: (control: RunControl) => Promise<void>): void {
    const control = new RunControl();
    const failed = (error: Error) => this.options.log.error(`run ${id}: ${error.message}`, { run: id });
    const done = work(control)
      .catch(failed)
      .then(() => {
        if (this.active.get(id)?.control === control) this.active.delete(id);
        this.slots.give();
      });
    this.active.set(id, { control, done });
  }

  /** Somebody wants a run to end. */
  cancel(runId: string, reason: string): void {
    this.active.get(runId)?.control.abort(new Ended(reason));
  }

  /** The leases are lost, all of them: this worker was declared dead. */
  abandon(): void {
    for (const { control } of this.active.values()) control.abort(new LeaseLost());
  }

  /** Takes no run any more, tells those under way to stop, and waits for them. */
  async stop(patience: number): Promise<void> {
    this.stopping = true;
    const done = Promise.allSettled([...this.active.values()].map((run) => run.done));
    const waited = new AbortController();
    await Promise.race([done, sleep(patience / 2, waited.signal)]);
    for (const { control } of this.active.values()) control.abort(new Stopping());
    await Promise.race([done, sleep(patience / 2, waited.signal)]);
    waited.abort();
  }

  private async claimAndRun(runId: string, control: RunControl, answered: () => void): Promise<void> {
    const claimed = await this.options.store.claim(runId).finally(answered);
    if (claimed !== undefined) await this.execute(claimed, control);
  }

  private async execute(claimed: ClaimedRun, control: RunControl): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await executeRun(
        { ...this.options, persist: (run, write) => this.persist(run, write) },
        claimed,
        control,
      );
    } catch (error) {
      outcome = outsideFailure(claimed, error, control.signal);
    }
    await this.settle(claimed, outcome);
  }

  private async settle(claimed: ClaimedRun, outcome: Outcome): Promise<void> {
    const { store, log, definitions } = this.options;
    const lease: Lease = { id: claimed.id, lease: claimed.lease };
    const workflow = definitions.nameOf(claimed.definition_id);
    const fields = { run: claimed.id, workflow, attempt: claimed.attempts };
    switch (outcome.kind) {
      case "lost":
        log.warn("the lease of a run was lost", fields);
        return;
      case "parked":
        log.debug("run waits", fields);
        return;
      case "done":
        if (await this.persist(lease, () => store.finish(lease, outcome))) {
          log.debug("run done", fields);
          await this.tellOthers(claimed);
        }
        return;
      case "failed": {
        const { failure } = outcome;
        if (await this.persist(lease, () => store.finish(lease, { failure }))) {
          log.error(`run failed: ${failure.error}`, { ...fields, step: failure.step });
          await this.tellOthers(claimed);
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

  /** Whoever waits for this run's end: who called it, its parent, and runs whose turn it is then. All of them look for themselves, a little later. */
  private async tellOthers({ id, origin, definition_id }: ClaimedRun): Promise<void> {
    const { store, definitions, log } = this.options;
    try {
      if (origin?.awaited === true) await store.tellEnd(id);
      if (origin?.parentStep) await store.childEnded(id);
      if (hasTurns((await definitions.get(definition_id)).workflow)) await store.endTurn(id);
    } catch (error) {
      log.warn(`run ${id}: those who wait for it were not told: ${(error as Error).message}`, { run: id });
    }
  }

  /** Writes until the database answers; false where it gives up. Writing twice does no harm: what counts is the lease. */
  private async persist<T>(run: { readonly id: string }, write: () => Promise<T>): Promise<T | false> {
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      try {
        return await write();
      } catch (error) {
        const { retryable, message } = stepFailure(error);
        this.options.log.warn(`run ${run.id}: ${message}`, { run: run.id });
        // Its lease stays: whoever reaps this worker, or its own look for forgotten runs, gives it back.
        if (!retryable || this.stopping) return false;
        await sleep(pause);
      }
    }
  }
}

function outsideFailure(claimed: ClaimedRun, error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof LeaseLost || signal.reason instanceof LeaseLost) return { kind: "lost" };
  if (signal.aborted) return { kind: "put back", pause: 0 };
  if (isLostConnection(error)) return { kind: "put back", pause: GONE_PAUSE };
  const { retryable, message } = stepFailure(error);
  const failure = { step: "start", error: message };
  const failures = (claimed.failed_step === failure.step ? claimed.failures : 0) + 1;
  if (!retryable || failures >= PATIENCE.attempts) return { kind: "failed", failure };
  return { kind: "put back", pause: retryDelay(PATIENCE, failures), failure };
}
