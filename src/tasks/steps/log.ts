import type { NodeOf } from "../../model/index.ts";
import { evaluate } from "../database-step.ts";
import { exactNumbersAsText } from "../exact-json.ts";
import type { Step, StepContext } from "../run.ts";

/** Writes a line to the worker's log. */
export async function logStep(context: StepContext, step: Step, node: NodeOf<"log">): Promise<unknown> {
  let fields: Record<string, unknown> = {};
  if (Object.keys(node.values).length > 0) {
    fields = (await evaluate(context, step, { ...node, kind: "values" })) as Record<string, unknown>;
  }
  fields = exactNumbersAsText(fields);
  step.run.log[node.level](node.message, { ...fields, step: step.path });
  return null;
}
