/** Several database steps as one transaction: all their effects and checkpoints, or none. */
import type pg from "pg";
import { beginRequestText, beginRequestValues } from "../database/act-as.ts";
import { sentTogether } from "../database/sent-together.ts";
import { actInRun, LeaseLost } from "./act-in-run.ts";
import { failpoint } from "./failpoint.ts";
import type { Run, StepContext } from "./run.ts";
import { keepableResult } from "./step-result.ts";

/** The transaction that the steps of a run share while it is open. */
export interface JointTransaction {
  /** Does a step's work as the run's actor, and keeps what it gives until the commit. */
  step(run: Run, path: string, work: (client: pg.PoolClient) => Promise<unknown>): Promise<unknown>;
}

/**
 * Runs `work`, whose database steps share one transaction; their checkpoints are written as its last statement.
 *
 * @throws LeaseLost
 */
export async function inOneTransaction(
  context: StepContext,
  run: Run,
  work: (context: StepContext) => Promise<void>,
): Promise<void> {
  failpoint("database:before-begin");
  await actInRun(context.pool, run, async (client) => {
    failpoint("database:after-begin-request");
    const kept: { readonly path: string; readonly output: string }[] = [];
    const transaction: JointTransaction = {
      async step(ofStep, path, doing) {
        if (kept.length > 0) {
          failpoint("transaction:between-steps");
          // The step before may have acted as the worker itself, and may have had another limit of time.
          await sentTogether([
            client.query("reset role"),
            client.query(beginRequestText, beginRequestValues(ofStep.as)),
          ]);
        }
        const output = keepableResult(ofStep, path, await doing(client));
        failpoint("database:after-statement");
        kept.push({ path, output: JSON.stringify(output) });
        return output;
      },
    };
    await work({ ...context, transaction });
    const [, { rows }] = await sentTogether([
      client.query("reset role"),
      client.query("select from enginejs.workflow_checkpoint($1::uuid[], $2::int[], $3::text[], $4::jsonb[])", [
        kept.map(() => run.id),
        kept.map(() => run.lease),
        kept.map(({ path }) => path),
        kept.map(({ output }) => output),
      ]),
    ]);
    if (rows.length !== kept.length) throw new LeaseLost();
    failpoint("database:after-checkpoint");
  });
  failpoint("database:after-commit");
}
