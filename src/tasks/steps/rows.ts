import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { databaseStep, type StatementResult } from "../database-step.ts";
import type { Step, StepContext } from "../run.ts";

/** What a step does with rows, for the message where it is denied. */
const VERBS = {
  "crud.create": "create",
  "crud.get": "read",
  "crud.list": "list",
  "crud.update": "update",
  "crud.delete": "delete",
  "db.update": "update",
} as const;

/**
 * Reads and writes rows with the rights of the run's actor.
 *
 * @throws EJS6006 where a policy or a grant says no, EJS6012 where the row of a get, update or delete is not there for him
 */
export function rowStep(context: StepContext, step: Step, node: NodeOf<keyof typeof VERBS>): Promise<unknown> {
  const doing = `${VERBS[node.kind]} ${node.entity}`;
  return databaseStep(context, step, node, doing, (result) => found(step, node, doing, result));
}

function found(step: Step, node: NodeOf<keyof typeof VERBS>, doing: string, result: StatementResult): unknown {
  if (result !== undefined) return result.value;
  if (node.kind === "crud.get" && node.missing === "null") return null;
  const { workflow } = step.run.definition;
  const who = step.run.as.role === "user" ? `user ${step.run.as.id}` : `the ${step.run.as.role}`;
  throw workflowError(
    "EJS6012",
    `Workflow ${workflow.name}, step ${step.path}: there is no row for ${who} to ${doing}: it is not there, or a policy hides it.`,
  );
}
