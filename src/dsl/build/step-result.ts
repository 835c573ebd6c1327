/** What the result of a step is in the expressions of later ones. */
import type { Variable } from "../../expression/index.ts";
import type { WorkflowNode } from "../../model/index.ts";
import { nodeResult } from "../../model/node-result.ts";
import type { StepContext } from "./workflow-step-context.ts";

/** Undefined for nodes without a result. */
export function stepResult(context: StepContext, node: WorkflowNode): Variable | undefined {
  const { environments, context: build, expressions, outputOf } = context.tools;
  const result = nodeResult(node, {
    task: (task) => build.system.tasks.find(({ name }) => name === task)?.output,
    workflow: outputOf,
    typeOf: (_, text) => expressions.typeOf(text, context.environment()),
  });
  switch (result?.kind) {
    case "row":
      return environments.result(result.entity);
    case "value":
      return environments.output(result.schema);
    case "record":
      return environments.results(result.types, result.schemas);
    default:
      return result;
  }
}
