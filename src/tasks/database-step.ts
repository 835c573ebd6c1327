/** Steps in the database: the effect and the checkpoint are one transaction, with the rights of the run's actor. Exactly once. */
import type pg from "pg";
import { sentTogether } from "../database/sent-together.ts";
import { sqlState } from "../database/sql-state.ts";
import { type StatementNode, stepStatement } from "../dsl-to-sql/workflow/step-statement.ts";
import { workflowError } from "../errors/workflow-error.ts";
import { actInRun, LeaseLost } from "./act-in-run.ts";
import { REFUSED_AS_CUT } from "./cut-json.ts";
import { failpoint } from "./failpoint.ts";
import { refusedRow } from "./refused-row.ts";
import type { Run, Step, StepContext } from "./run.ts";
import { keepableResult } from "./step-result.ts";
import { stepValues } from "./step-values.ts";

/** What the statement of a step gave: one row with one value, or none. */
export type StatementResult = { readonly value: unknown } | undefined;

/**
 * Runs a node's statement and keeps what `read` makes of it as the result.
 *
 * @param doing for the message of a denial: `create Receipt`
 * @throws EJS6006 where a policy or a grant says no, EJS6022 where a constraint or a type does
 */
export function databaseStep(
  context: StepContext,
  step: Step,
  node: StatementNode,
  doing: string,
  read: (result: StatementResult) => unknown = (result) => result?.value ?? null,
): Promise<unknown> {
  const text = stepStatement(step.run.build, step.run.definition.workflow, node);
  return inTransaction(context, step, doing, async (client) => {
    const { rows } = await client.query<{ value: unknown }>(text, stepValues(step, text));
    return read(rows[0]);
  });
}

/** Runs `work` as the run's actor and keeps what it gives as the step's result, in one transaction. */
export async function inTransaction(
  context: StepContext,
  { run, path }: Step,
  doing: string,
  work: (client: pg.PoolClient) => Promise<unknown>,
): Promise<unknown> {
  const { transaction } = context;
  if (transaction !== undefined) {
    return transaction.step(run, path, (client) =>
      work(client).catch((error: unknown) => {
        throw refused(error, run, path, doing);
      }),
    );
  }
  failpoint("database:before-begin");
  const output = await actInRun(context.pool, run, async (client) => {
    failpoint("database:after-begin-request");
    const made = await work(client).catch((error: unknown) => {
      throw refused(error, run, path, doing);
    });
    failpoint("database:after-statement");
    const kept = keepableResult(run, path, made);
    // The actor may not write checkpoints: the worker's own role again.
    const [, { rows: written }] = await sentTogether([
      client.query("reset role"),
      client.query(
        "select from enginejs.workflow_checkpoint(array[$1::uuid], array[$2::int], array[$3], array[$4::jsonb])",
        [run.id, run.lease, path, JSON.stringify(kept)],
      ),
    ]);
    if (written.length !== 1) throw new LeaseLost();
    failpoint("database:after-checkpoint");
    return kept;
  });
  failpoint("database:after-commit");
  return output;
}

/** Evaluates a node's expressions as the run's actor; nothing is kept. */
export async function evaluate(context: StepContext, step: Step, node: StatementNode): Promise<unknown> {
  const text = stepStatement(step.run.build, step.run.definition.workflow, node);
  const { rows } = await actInRun(context.pool, step.run, (client) =>
    client.query<{ value: unknown }>(text, stepValues(step, text)),
  );
  return rows[0]?.value ?? null;
}

/** A refusal of the database with the step's name, and what the model calls it; every other error as it is. */
function refused(error: unknown, run: Run, path: string, doing: string): unknown {
  const code = sqlState(error);
  const { message } = error as Error;
  const what = `Workflow ${run.definition.workflow.name}, step ${path}`;
  if (code === "42501") {
    const who = run.as.role === "user" ? `user ${run.as.id}` : run.as.role;
    return workflowError("EJS6006", `${what}: ${who} may not ${doing}: ${message}.`, { cause: error });
  }
  if (code === undefined || !/^2[23]/.test(code)) return error;
  const known = code === "22P05" ? REFUSED_AS_CUT : refusedRow(run.build.system, error as pg.DatabaseError);
  const why = known === undefined ? message : `${known} (${message})`;
  return workflowError("EJS6022", `${what} cannot ${doing}: ${why} (SQLSTATE ${code}).`, { cause: error });
}
