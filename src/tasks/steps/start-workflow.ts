import { sqlState } from "../../database/sql-state.ts";
import { stepStatement } from "../../dsl-to-sql/workflow/step-statement.ts";
import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { actInRun } from "../act-in-run.ts";
import { eventActor } from "../event-actor.ts";
import { failpoint } from "../failpoint.ts";
import type { Step, StepContext, StepOutcome } from "../run.ts";
import { stepValues } from "../step-values.ts";

/**
 * Starts another workflow: its event and this step's wait, or checkpoint, are one transaction, so there is one child.
 *
 * @throws EJS6010 where there is no such workflow any more
 */
export async function startWorkflowStep(
  context: StepContext,
  step: Step,
  node: NodeOf<"startWorkflow">,
): Promise<StepOutcome> {
  const { run, path } = step;
  const text = stepStatement(run.build, run.definition.workflow, { id: node.id, kind: "values", values: node.input });
  const child = await actInRun(context.pool, run, async (client) => {
    const { rows } = await client.query<{ value: unknown }>(text, stepValues(step, text));
    await client.query("reset role");
    const started = await client
      .query<{ child: string }>("select enginejs.workflow_start_child($1, $2, $3, $4, $5, $6, $7, $8, $9) as child", [
        run.id,
        run.lease,
        path,
        node.workflow,
        JSON.stringify(rows[0]?.value ?? null),
        JSON.stringify(eventActor(run)),
        run.depth,
        node.wait,
        node.timeoutMs ?? null,
      ])
      .catch((error: unknown) => {
        if (sqlState(error) !== "EJ404") throw error;
        const message = `Workflow ${run.definition.workflow.name}, step ${path}: the newest build has no workflow "${node.workflow}".`;
        throw workflowError("EJS6010", message, { cause: error });
      });
    failpoint("child:before-commit");
    return started.rows[0]?.child;
  });
  failpoint("child:after-commit");
  return node.wait ? "waiting" : { output: { runId: child } };
}
