/** What the result of a node is in the expressions of later steps. The worker has the same table, with the SQL of each: `src/tasks/node-results.ts`. */
import type { ExpressionType, Variable } from "../../expression/index.ts";
import type { WorkflowNode } from "../../model/index.ts";
import { literal } from "../../sql-ast/expressions.ts";
import type { StepContext } from "./workflow-step-context.ts";

const value = (type: ExpressionType): Variable => ({ kind: "value", type, nullable: true, sql: literal(null) });
const INT = value({ kind: "int" });
const JSON_VALUE = value({ kind: "json" });
const BOOL = value({ kind: "bool" });
const TEXT = value({ kind: "string" });
const UUID = value({ kind: "uuid" });

/** Undefined for nodes without a result. */
export function nodeResult(context: StepContext, node: WorkflowNode): Variable | undefined {
  const { environments, context: build, expressions } = context.tools;
  const record = (fields: Readonly<Record<string, Variable>>): Variable => ({ kind: "record", fields });
  switch (node.kind) {
    case "crud.create":
    case "crud.get":
    case "crud.update":
    case "crud.delete":
      return environments.result(node.entity);
    case "crud.list":
    case "db.query":
      return record({ rows: JSON_VALUE, count: INT });
    case "db.update":
      return record({ count: INT });
    case "task":
      return environments.output(build.system.tasks.find(({ name }) => name === node.task)?.output);
    case "transform":
      return record(
        Object.fromEntries(
          Object.entries(node.values).map(([name, text]) => {
            const type = expressions.typeOf(text, context.environment());
            return [
              name,
              type === undefined || type.kind === "null" || type.kind === "list" ? JSON_VALUE : value(type),
            ];
          }),
        ),
      );
    case "forEach":
      return record({ count: INT, results: JSON_VALUE });
    case "branch":
      return record({ port: TEXT });
    case "http.request":
      return record({ status: INT, headers: JSON_VALUE, body: environments.output(node.response) });
    case "waitForSignal":
      return record({ payload: environments.output(node.payload), timedOut: BOOL });
    case "approval":
      return record({ approved: BOOL, by: UUID, comment: TEXT, timedOut: BOOL });
    case "queue.publish":
      return record({ id: UUID });
    case "signal":
      return record({ taken: INT });
    case "startWorkflow":
      if (!node.wait) return record({ runId: UUID });
      return record({ runId: UUID, output: environments.output(context.tools.outputOf(node.workflow)) });
    default:
      return undefined;
  }
}
