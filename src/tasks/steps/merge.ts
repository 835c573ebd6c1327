import type { NodeOf } from "../../model/index.ts";
import { databaseStep } from "../database-step.ts";
import type { Step, StepContext } from "../run.ts";

/** The value of the edge that was taken; of several the first that the definition names. */
export function mergeStep(context: StepContext, step: Step, node: NodeOf<"merge">): Promise<unknown> {
  const came = step.came ?? [];
  const index = node.cases.findIndex(({ from, port }) =>
    came.some((edge) => edge.from === from && (port === undefined || edge.port === port)),
  );
  const { value = "null" } = node.cases[index] ?? {};
  return databaseStep(context, step, { id: `${node.id}#${index}`, kind: "value", value }, "compute");
}
