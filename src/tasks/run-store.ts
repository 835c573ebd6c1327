/**
 * Where runs are kept: claims, checkpoints, ends. Each write names the lease that this worker holds and counts for
 * nothing where that is not the run's any more. What concurrent runs write at the same moment shares a statement.
 */
import type pg from "pg";
import { sqlState } from "../database/sql-state.ts";
import { Batcher, type BatcherOptions } from "./batcher.ts";
import { askDatabase } from "./database-gone.ts";
import { failpoint } from "./failpoint.ts";
import type { ClaimedRun, Failure, LastResult } from "./run.ts";
import { LARGEST_RESULT } from "./step-result.ts";

export interface Lease {
  readonly id: string;
  readonly lease: number;
}

interface Checkpoint extends Lease {
  readonly step: string;
  /** JSON. */
  readonly output: string;
}

interface Ending extends Lease {
  readonly failedStep: string | null;
  readonly error: string | null;
  /** JSON. */
  readonly output: string | null;
  readonly lastStep: string | null;
  /** JSON. */
  readonly lastOutput: string | null;
}

/** What became of a step's wait. */
export interface WaitState {
  /** The node's path. */
  readonly step: string;
  readonly kind: "timer" | "signal" | "approval" | "child" | "retry";
  readonly state: "done" | "failed" | "due" | "waiting";
  readonly output?: unknown;
  readonly error?: string | null;
  /** Of a pause before another attempt: how often the step has failed. */
  readonly failures?: number | null;
}

/** What a step waits for. */
export interface Wait {
  readonly step: string;
  readonly kind: WaitState["kind"];
  /** Until when: from now, or a moment; for ever where neither is given. */
  readonly ms?: number | undefined;
  readonly moment?: string;
  /** Further columns of enginejs.workflow_waits. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export class RunStore {
  private readonly pool: pg.Pool;
  private readonly claims: Batcher<string, ClaimedRun | undefined>;
  private readonly checkpoints: Batcher<Checkpoint, boolean>;
  private readonly endings: Batcher<Ending, boolean>;
  private readonly handedOn: Batcher<string, undefined>;
  private readonly told: Batcher<string, undefined>;

  /** @param worker the id under which this process is registered now */
  constructor(pool: pg.Pool, worker: () => number) {
    this.pool = pool;
    this.claims = new Batcher(async (runs) => {
      failpoint("claim:before");
      const { rows } = await pool.query<ClaimedRun>({
        name: "workflow_claim",
        text: "select * from enginejs.workflow_claim($1, $2)",
        values: [runs, worker()],
      });
      failpoint("claim:after");
      const byId = new Map(rows.map((row) => [row.id, row]));
      // The same run may be rung for twice: it has one lease, and the first asker gets it.
      return runs.map((id) => {
        const run = byId.get(id);
        byId.delete(id);
        return run;
      });
    });
    this.checkpoints = new Batcher(
      async (steps) => {
        failpoint("checkpoint:before");
        const { rows } = await pool
          .query<{ run: string }>({
            name: "workflow_checkpoint",
            text: "select run from enginejs.workflow_checkpoint($1, $2, $3, $4::jsonb[]) as run",
            values: [...leases(steps), steps.map(({ step }) => step), steps.map(({ output }) => output)],
          })
          .catch((error: unknown) => {
            // Of one that is held and written already: by this very lease, and only the answer was lost.
            if (steps.length === 1 && sqlState(error) === "23505")
              return { rows: steps.map(({ id }) => ({ run: id })) };
            throw error;
          });
        failpoint("checkpoint:after");
        return accepted(steps, rows);
      },
      fair(({ output }) => output.length),
    );
    this.endings = new Batcher(
      async (runs) => {
        failpoint("finish:before");
        const { rows } = await pool.query<{ run: string }>({
          name: "workflow_finish",
          text: "select run from enginejs.workflow_finish($1, $2, $3, $4, $5::jsonb[], $6, $7::jsonb[]) as run",
          values: [
            ...leases(runs),
            runs.map(({ failedStep }) => failedStep),
            runs.map(({ error }) => error),
            runs.map(({ output }) => output),
            runs.map(({ lastStep }) => lastStep),
            runs.map(({ lastOutput }) => lastOutput),
          ],
        });
        failpoint("finish:after");
        return accepted(runs, rows);
      },
      fair(({ output, lastOutput }) => (output?.length ?? 0) + (lastOutput?.length ?? 0)),
    );
    this.handedOn = new Batcher(async (runs) => {
      failpoint("hand-on:before");
      await pool.query("select enginejs.workflow_hand_on($1)", [runs]);
      failpoint("hand-on:after");
      return runs.map(() => undefined);
    });
    this.told = new Batcher(async (runs) => {
      failpoint("tell:before");
      await pool.query("select enginejs.workflow_ended($1)", [runs]);
      failpoint("tell:after");
      return runs.map(() => undefined);
    });
  }

  /** The run with a new lease, or undefined where it is not this worker's turn: done, waiting, or in other hands. */
  claim(run: string): Promise<ClaimedRun | undefined> {
    return this.claims.add(run);
  }

  /** Keeps the result of an outside step; false where the lease is lost. */
  checkpoint(run: Lease, step: string, output: unknown): Promise<boolean> {
    return this.checkpoints.add({ id: run.id, lease: run.lease, step, output: JSON.stringify(output ?? null) });
  }

  /** Ends a run, with the checkpoint of its last step where that has none yet; false where the lease is lost. */
  finish(run: Lease, end: { readonly failure?: Failure; readonly output?: unknown; readonly last?: LastResult }) {
    const { failure, output, last } = end;
    const [failedStep, error] = [failure?.step ?? null, failure?.error ?? null];
    return this.endings.add({
      id: run.id,
      lease: run.lease,
      failedStep,
      error,
      output: output === undefined ? null : JSON.stringify(output),
      lastStep: last?.step ?? null,
      lastOutput: last === undefined ? null : JSON.stringify(last.output ?? null),
    });
  }

  /** Rings anew for a run that is queued, for whoever has a hand free. */
  handOn(run: string): Promise<undefined> {
    return this.handedOn.add(run);
  }

  /** Puts a run back, to be tried again after the pause; without a failure it is only handed on. */
  async putBack(run: Lease, pause: number, failure?: Failure): Promise<boolean> {
    failpoint("retry:before");
    const { rows } = await this.pool.query<{ held: boolean }>(
      "select enginejs.workflow_retry($1, $2, $3, $4, $5 * interval '1 ms') as held",
      [run.id, run.lease, failure?.step ?? null, failure?.error ?? null, pause],
    );
    failpoint("retry:after");
    return rows[0]?.held === true;
  }

  /** Writes down that a step waits; a result where what it waits for was there before it, false where the lease is lost. */
  async wait(run: Lease, { step, kind, ms, moment, details }: Wait): Promise<{ readonly output: unknown } | boolean> {
    failpoint("wait:before");
    const { rows } = await askDatabase(() =>
      this.pool.query<{ answer: { lost?: true; output?: unknown } | null }>(
        "select enginejs.workflow_wait($1, $2, $3, $4, $5, $6, $7) as answer",
        [run.id, run.lease, step, kind, ms ?? null, moment ?? null, JSON.stringify(details ?? {})],
      ),
    );
    failpoint("wait:after");
    const answer = rows[0]?.answer;
    if (answer?.lost === true) return false;
    return answer ? { output: answer.output } : true;
  }

  /** What became of the run's waits; outcomes have checkpoints from now on. Undefined where the lease is lost. */
  async resume(run: Lease): Promise<readonly WaitState[] | undefined> {
    failpoint("resume:before");
    const { rows } = await this.pool.query<{ waits: WaitState[] | null }>(
      "select enginejs.workflow_resume($1, $2) as waits",
      [run.id, run.lease],
    );
    failpoint("resume:after");
    return rows[0]?.waits ?? undefined;
  }

  /** Parks a run at these steps; "again" where one of them need not wait any more. */
  async park(run: Lease, steps: readonly string[], deadline: number | undefined): Promise<"parked" | "again" | "lost"> {
    failpoint("park:before");
    const { rows } = await this.pool.query<{ outcome: "parked" | "again" | "lost" }>(
      "select enginejs.workflow_park($1, $2, $3, $4) as outcome",
      [run.id, run.lease, steps, deadline === undefined ? null : Math.max(0, Math.round(deadline))],
    );
    failpoint("park:after");
    return rows[0]?.outcome ?? "lost";
  }

  /** Turns a run back that has failed for good; the steps that it has done, in their order. Undefined where the lease is lost. */
  async compensate(run: Lease, failure: Failure): Promise<readonly string[] | undefined> {
    failpoint("compensate:before");
    const { rows } = await this.pool.query<{ steps: string[] | null }>(
      "select enginejs.workflow_compensate($1, $2, $3) as steps",
      [run.id, run.lease, JSON.stringify(failure)],
    );
    failpoint("compensate:after");
    return rows[0]?.steps ?? undefined;
  }

  /** Tells those who wait from outside for the end of a run; runs that end at the same time share one notification's commit. */
  tellEnd(run: string): Promise<undefined> {
    return this.told.add(run);
  }

  /** Tells the run that waits for this one, which has ended. */
  async childEnded(run: string): Promise<void> {
    failpoint("child:ended");
    await this.pool.query("select enginejs.workflow_children_ended($1)", [run]);
    failpoint("child:told");
  }

  /** Lets those begin that have waited for the turn of this run, which has ended. */
  async endTurn(run: string): Promise<void> {
    failpoint("turn:before");
    await this.pool.query("select enginejs.workflow_end_turn($1)", [run]);
    failpoint("turn:after");
  }

  /** Those of this worker's runs that somebody wants to end. */
  async cancelled(worker: number): Promise<readonly { readonly id: string; readonly cancel: string }[]> {
    const { rows } = await this.pool.query<{ id: string; cancel: string }>(
      "select id, cancel from enginejs.workflow_runs_active where cancel is not null and failure is null and worker_id = $1",
      [worker],
    );
    return rows;
  }
}

/** One that PostgreSQL does not take fails no other, and large ones go by themselves. */
const fair = <Request>(weigh: (request: Request) => number): BatcherOptions<Request> => ({
  weigh,
  heaviest: LARGEST_RESULT,
  isOfOne: (error) => /^(2[23]|54)/.test(sqlState(error) ?? ""),
});

const leases = (runs: readonly Lease[]) => [runs.map(({ id }) => id), runs.map(({ lease }) => lease)];

function accepted(runs: readonly Lease[], rows: readonly { run: string }[]): boolean[] {
  const held = new Set(rows.map(({ run }) => run));
  return runs.map(({ id }) => held.has(id));
}
