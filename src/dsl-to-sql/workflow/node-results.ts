/** What the results of nodes, and the items of loops, stand for in the expressions of later steps. */
import { workflowError } from "../../errors/workflow-error.ts";
import { check, type ExpressionType, type Variable } from "../../expression/index.ts";
import { sqlType } from "../../expression/sql-type.ts";
import { allNodes, type Entity, type Workflow } from "../../model/index.ts";
import { type NodeResult, nodeResult } from "../../model/node-result.ts";
import { binary, cast, column, literal, type SqlExpression } from "../../sql-ast/expressions.ts";
import type { StepModel } from "./entity-table.ts";
import { entityOf } from "./entity-table.ts";
import { taskOutput } from "./task-output-type.ts";

export interface NodeResults {
  readonly variables: Readonly<Record<string, Variable>>;
  /** Those that are rows: the statement needs each as a FROM item. */
  readonly rows: readonly { readonly name: string; readonly entity: Entity; readonly alias: string }[];
}

/** @param known what every step sees besides: a transform's values are typed by it */
export function nodeResults(
  build: StepModel,
  workflow: Workflow,
  known: Readonly<Record<string, Variable>>,
): NodeResults {
  const variables: Record<string, Variable> = {};
  const rows: { name: string; entity: Entity; alias: string }[] = [];
  const addRow = (name: string, entityName: string, nullable: boolean) => {
    const entity = entityOf(build, workflow, entityName);
    const alias = `step_${name}`;
    variables[name] = { kind: "row", entity: entityName, nullable, alias };
    rows.push({ name, entity, alias });
  };
  for (const node of allNodes(workflow)) {
    if (node.kind === "forEach") {
      if ("entity" in node.item) addRow(node.as, node.item.entity, false);
      else variables[node.as] = taskOutput(node.item.schema, resultOf(node.as));
      variables[`${node.as}Index`] = scalar(
        { kind: "int" },
        binary("->>", column("results", "value"), literal(`${node.as}Index`)),
      );
    }
    const result = nodeResult(node, {
      task: (task) => build.system.tasks.find((candidate) => candidate.name === task)?.output,
      workflow: (other) => outputOf(build, other),
      typeOf: (part, text) => typeOf(build, `${workflow.name}.${node.id}.${part}`, text, { ...known, ...variables }),
    });
    if (result?.kind === "row") addRow(node.id, result.entity, node.kind === "crud.get");
    else if (result?.kind === "value") variables[node.id] = taskOutput(result.schema, resultOf(node.id));
    else if (result !== undefined) variables[node.id] = record(resultOf(node.id), result);
  }
  return { variables, rows };
}

const resultOf = (name: string): SqlExpression => binary("->", column("results", "value"), literal(name));

const scalar = (type: ExpressionType, text: SqlExpression): Variable => ({
  kind: "value",
  type,
  nullable: true,
  sql: cast(text, sqlType(type)),
});

function record(json: SqlExpression, { types, schemas }: Extract<NodeResult, { kind: "record" }>): Variable {
  const fields: Record<string, Variable> = {};
  for (const [name, type] of Object.entries(types)) {
    fields[name] =
      type.kind === "json"
        ? { kind: "value", type, nullable: true, sql: binary("->", json, literal(name)) }
        : scalar(type, binary("->>", json, literal(name)));
  }
  for (const [name, schema] of Object.entries(schemas)) {
    fields[name] = taskOutput(schema, binary("->", json, literal(name)));
  }
  return { kind: "record", fields };
}

function typeOf(
  build: StepModel,
  what: string,
  text: string,
  variables: Readonly<Record<string, Variable>>,
): ExpressionType {
  const result = check(text, { catalog: build.catalog, variables });
  if (result.ok) return result.core.type;
  const findings = result.errors.map((error) => error.message).join("; ");
  throw workflowError("EJS6005", `${what}: ${findings} (${text})`);
}

/** The schema of what a workflow gives, where it has one end that gives something. */
function outputOf(build: StepModel, name: string): unknown {
  const outputs = Object.values(build.system.workflows.find((workflow) => workflow.name === name)?.outputs ?? {});
  return outputs.length === 1 ? outputs[0] : undefined;
}
