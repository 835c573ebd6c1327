import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { databaseStep } from "../database-step.ts";
import type { Step, StepContext } from "../run.ts";

/**
 * Ends the run with an error that its definition declares. Its values are kept as the checkpoint `<path>:error`: whoever
 * waits for the result is given them by `enginejs.workflow_result`. The step itself has none: it may be tried again.
 *
 * @throws EJS6015 always
 */
export async function failStep(context: StepContext, step: Step, node: NodeOf<"fail">): Promise<never> {
  const isEmpty = Object.keys(node.values).length === 0 && node.value === undefined;
  const values = isEmpty ? "" : ` ${JSON.stringify(await valuesOf(context, step, node))}`;
  const message = node.message === undefined ? "" : `: ${node.message}`;
  throw workflowError("EJS6015", `${node.error}${message}${values}`);
}

async function valuesOf(context: StepContext, step: Step, node: NodeOf<"fail">): Promise<unknown> {
  const path = `${step.path}:error`;
  const { results } = step.run;
  results[path] ??= await databaseStep(
    context,
    { ...step, path },
    node.value === undefined
      ? { id: node.id, kind: "values", values: node.values }
      : { id: node.id, kind: "value", value: node.value },
    "compute",
  );
  return results[path];
}
