import type { WorkflowNode } from "../../model/index.ts";
import { actInRun, LeaseLost } from "../act-in-run.ts";
import { failpoint } from "../failpoint.ts";
import type { Run, StepContext } from "../run.ts";
import { sqlState } from "../step-failure.ts";
import { stepValues } from "../step-scope.ts";
import { stepStatement } from "../step-statement.ts";
import { workflowError } from "../workflow-error.ts";

/**
 * Makes a row with the rights of the run's actor. The row and the checkpoint are one transaction: exactly once.
 *
 * @throws EJS6006 where a policy or a grant says no
 */
export async function createStep(
  context: StepContext,
  run: Run,
  node: Extract<WorkflowNode, { kind: "crud.create" }>,
): Promise<unknown> {
  const text = stepStatement(run.build, run.definition.workflow, node);
  failpoint("create:before-begin");
  const row = await actInRun(context.pool, run, async (client) => {
    failpoint("create:after-begin-request");
    const { rows } = await client.query<{ value: unknown }>(text, stepValues(run)).catch((error: unknown) => {
      throw denied(error, run, node.id, node.entity);
    });
    failpoint("create:after-insert");
    // The actor may not write checkpoints: the worker's own role again.
    await client.query("reset role");
    const { rows: written } = await client.query(
      "select from enginejs.workflow_checkpoint(array[$1::uuid], array[$2::int], array[$3], array[$4::jsonb])",
      [run.id, run.lease, node.id, JSON.stringify(rows[0]?.value ?? null)],
    );
    if (written.length !== 1) throw new LeaseLost();
    failpoint("create:after-checkpoint");
    return rows[0]?.value ?? null;
  });
  failpoint("create:after-commit");
  return row;
}

function denied(error: unknown, run: Run, step: string, entity: string): unknown {
  if (sqlState(error) !== "42501") return error;
  const who = run.as.role === "user" ? `user ${run.as.id}` : run.as.role;
  const message = `Workflow ${run.definition.workflow.name}, step ${step}: ${who} may not create ${entity}: ${(error as Error).message}.`;
  return workflowError("EJS6006", message, { cause: error });
}
