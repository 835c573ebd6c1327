/**
 * Where runs are kept: claims, checkpoints, ends. Each write names the lease that this worker holds and counts for
 * nothing where that is not the run's any more. What concurrent runs write at the same moment shares a statement.
 */
import type pg from "pg";
import { Batcher } from "./batcher.ts";
import { failpoint } from "./failpoint.ts";
import type { ClaimedRun } from "./run.ts";

export interface Lease {
  readonly id: string;
  readonly lease: number;
}

interface Checkpoint extends Lease {
  readonly step: string;
  readonly output: unknown;
}

interface Ending extends Lease {
  readonly failedStep: string | null;
  readonly error: string | null;
}

export class RunStore {
  private readonly pool: pg.Pool;
  private readonly claims: Batcher<string, ClaimedRun | undefined>;
  private readonly checkpoints: Batcher<Checkpoint, boolean>;
  private readonly endings: Batcher<Ending, boolean>;

  /** @param worker the id under which this process is registered now */
  constructor(pool: pg.Pool, worker: () => number) {
    this.pool = pool;
    this.claims = new Batcher(async (runs) => {
      failpoint("claim:before");
      const { rows } = await pool.query<ClaimedRun>("select * from enginejs.workflow_claim($1, $2)", [runs, worker()]);
      failpoint("claim:after");
      const byId = new Map(rows.map((row) => [row.id, row]));
      // The same run may be rung for twice: it has one lease, and the first asker gets it.
      return runs.map((id) => {
        const run = byId.get(id);
        byId.delete(id);
        return run;
      });
    });
    this.checkpoints = new Batcher(async (steps) => {
      failpoint("checkpoint:before");
      const { rows } = await pool.query<{ run: string }>(
        "select run from enginejs.workflow_checkpoint($1, $2, $3, $4::jsonb[]) as run",
        [...leases(steps), steps.map(({ step }) => step), steps.map(({ output }) => JSON.stringify(output ?? null))],
      );
      failpoint("checkpoint:after");
      return accepted(steps, rows);
    });
    this.endings = new Batcher(async (runs) => {
      failpoint("finish:before");
      const { rows } = await pool.query<{ run: string }>(
        "select run from enginejs.workflow_finish($1, $2, $3, $4) as run",
        [...leases(runs), runs.map(({ failedStep }) => failedStep), runs.map(({ error }) => error)],
      );
      failpoint("finish:after");
      return accepted(runs, rows);
    });
  }

  /** The run with a new lease, or undefined where it is not this worker's turn: done, waiting, or in other hands. */
  claim(run: string): Promise<ClaimedRun | undefined> {
    return this.claims.add(run);
  }

  /** Keeps the result of an outside step; false where the lease is lost. */
  checkpoint(run: Lease, step: string, output: unknown): Promise<boolean> {
    return this.checkpoints.add({ id: run.id, lease: run.lease, step, output });
  }

  /** Ends a run; false where the lease is lost. */
  finish(run: Lease, failure?: { readonly step: string; readonly error: string }): Promise<boolean> {
    return this.endings.add({ ...run, failedStep: failure?.step ?? null, error: failure?.error ?? null });
  }

  /** Puts a run back, to be tried again after the pause; without a failure it is only handed on. */
  async putBack(
    run: Lease,
    pause: number,
    failure?: { readonly step: string; readonly error: string },
  ): Promise<boolean> {
    failpoint("retry:before");
    const { rows } = await this.pool.query<{ held: boolean }>(
      "select enginejs.workflow_retry($1, $2, $3, $4, $5 * interval '1 ms') as held",
      [run.id, run.lease, failure?.step ?? null, failure?.error ?? null, pause],
    );
    failpoint("retry:after");
    return rows[0]?.held === true;
  }
}

const leases = (runs: readonly Lease[]) => [runs.map(({ id }) => id), runs.map(({ lease }) => lease)];

function accepted(runs: readonly Lease[], rows: readonly { run: string }[]): boolean[] {
  const held = new Set(rows.map(({ run }) => run));
  return runs.map(({ id }) => held.has(id));
}
