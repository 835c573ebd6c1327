import type { NodeOf } from "../../model/index.ts";
import { evaluate } from "../database-step.ts";
import type { Step, StepContext } from "../run.ts";
import { workflowError } from "../workflow-error.ts";

/**
 * Ends the run with an error that its definition declares.
 *
 * @throws EJS6015 always
 */
export async function failStep(context: StepContext, step: Step, node: NodeOf<"fail">): Promise<never> {
  const values =
    Object.keys(node.values).length === 0
      ? ""
      : ` ${JSON.stringify(await evaluate(context, step, { id: node.id, kind: "values", values: node.values }))}`;
  const message = node.message === undefined ? "" : `: ${node.message}`;
  throw workflowError("EJS6015", `${node.error}${message}${values}`);
}
