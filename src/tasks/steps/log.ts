import type { WorkflowNode } from "../../model/index.ts";
import { actInRun } from "../act-in-run.ts";
import type { Run, StepContext } from "../run.ts";
import { stepValues } from "../step-scope.ts";
import { stepStatement } from "../step-statement.ts";

/** Writes a line to the worker's log. */
export async function logStep(
  context: StepContext,
  run: Run,
  node: Extract<WorkflowNode, { kind: "log" }>,
): Promise<unknown> {
  let fields: Record<string, unknown> = {};
  if (Object.keys(node.values).length > 0) {
    const text = stepStatement(run.build, run.definition.workflow, node);
    const { rows } = await actInRun(context.pool, run, (client) =>
      client.query<{ value: Record<string, unknown> }>(text, stepValues(run)),
    );
    fields = rows[0]?.value ?? {};
  }
  run.log[node.level](node.message, { ...fields, step: node.id });
  return null;
}
