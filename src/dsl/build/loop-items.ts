import { type ExpressionType, parse } from "../../expression/index.ts";
import type { NodeOf, WorkflowNode } from "../../model/index.ts";
import { schemaItems, typeSchema } from "../../model/schema-types.ts";
import type { StepContext } from "./workflow-step-context.ts";

/**
 * What the list of a loop holds: the rows of a list step, or what the schema of a query's rows, of a task, of the input says.
 *
 * @param type the list's own: of a list it says what the items are
 */
export function loopItems(
  { tools }: StepContext,
  nodes: readonly WorkflowNode[],
  items: string,
  type: ExpressionType | undefined,
): NodeOf<"forEach">["item"] {
  if (type?.kind === "list") return { schema: typeSchema(type.of) as never };
  const parsed = parse(items);
  if (!parsed.ok || parsed.syntax.kind !== "member" || parsed.syntax.target.kind !== "name") return { schema: {} };
  const { target, name } = parsed.syntax;
  const node = nodes.find(({ id }) => id === target.name);
  if (node?.kind === "crud.list" && name === "rows") return { entity: node.entity };
  if (node?.kind === "db.query" && name === "rows") return { schema: node.row ?? {} };
  const { system } = tools.context;
  const output = node?.kind === "task" ? system.tasks.find((task) => task.name === node.task)?.output : undefined;
  return { schema: schemaItems(output, name) as never };
}
