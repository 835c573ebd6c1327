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
  const parsed = parse(items);
  const member = parsed.ok && parsed.syntax.kind === "member" ? parsed.syntax : undefined;
  const source = member?.target.kind === "name" ? member.target.name : undefined;
  const node = nodes.find(({ id }) => id === source);
  if (node?.kind === "crud.list" && member?.name === "rows") return { entity: node.entity };
  // As the query declares them: a type knows less than a schema.
  if (node?.kind === "db.query" && member?.name === "rows") return { schema: node.row ?? {} };
  if (type?.kind === "list") return { schema: typeSchema(type.of) as never };
  const { system } = tools.context;
  const output = node?.kind === "task" ? system.tasks.find((task) => task.name === node.task)?.output : undefined;
  return { schema: schemaItems(output, member?.name ?? "") as never };
}
