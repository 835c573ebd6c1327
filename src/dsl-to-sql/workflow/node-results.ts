/** What the results of nodes, and the items of loops, stand for in the expressions of later steps. */

import { workflowError } from "../../errors/workflow-error.ts";
import { check, type ExpressionType, type Variable } from "../../expression/index.ts";
import { sqlType } from "../../expression/sql-value.ts";
import { allNodes, type Entity, type NodeOf, type Workflow, type WorkflowNode } from "../../model/index.ts";
import { binary, cast, column, literal, type SqlExpression } from "../../sql-ast/expressions.ts";
import type { StepModel } from "./entity-table.ts";
import { entityOf } from "./entity-table.ts";
import { taskOutput } from "./task-output-type.ts";

export interface NodeResults {
  readonly variables: Readonly<Record<string, Variable>>;
  /** Those that are rows: the statement needs each as a FROM item. */
  readonly rows: readonly { readonly name: string; readonly entity: Entity; readonly alias: string }[];
}

type ScalarTypes = Readonly<Record<string, ExpressionType>>;
const INT: ExpressionType = { kind: "int" };
const JSON_TYPE: ExpressionType = { kind: "json" };
const BOOL: ExpressionType = { kind: "bool" };
const TEXT: ExpressionType = { kind: "string" };
const UUID: ExpressionType = { kind: "uuid" };

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
      variables[`${node.as}Index`] = scalar(INT, binary("->>", column("results", "value"), literal(`${node.as}Index`)));
    }
    const entity = rowResult(node);
    if (entity !== undefined) addRow(node.id, entity, node.kind === "crud.get");
    else {
      const result = jsonResult(build, workflow, node, { ...known, ...variables });
      if (result !== undefined) variables[node.id] = result;
    }
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

/** Nodes whose result is a row. */
function rowResult(node: WorkflowNode): string | undefined {
  switch (node.kind) {
    case "crud.create":
    case "crud.get":
    case "crud.update":
    case "crud.delete":
      return node.gives === undefined ? node.entity : undefined;
    default:
      return undefined;
  }
}

function jsonResult(
  build: StepModel,
  workflow: Workflow,
  node: WorkflowNode,
  known: Readonly<Record<string, Variable>>,
): Variable | undefined {
  const json = resultOf(node.id);
  switch (node.kind) {
    case "task":
      if (node.ports !== undefined) return record(json, { port: TEXT }, node.ports);
      return taskOutput(build.system.tasks.find(({ name }) => name === node.task)?.output, json);
    case "transform": {
      const { types = {}, values } = node;
      // Of which all is declared is a value itself: what a merge or a list takes as a whole.
      if (node.types !== undefined && Object.keys(values).every((name) => Object.hasOwn(types, name))) {
        return taskOutput({ type: "object", properties: types }, json);
      }
      const others = Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(types, name)));
      return record(json, transformTypes(build, workflow, { ...node, values: others }, known), types);
    }
    case "merge":
      return taskOutput(node.schema, json);
    case "crud.create":
    case "crud.get":
    case "crud.update":
    case "crud.delete":
      return taskOutput({ type: "object", properties: node.gives }, json);
    case "crud.list":
      if (node.gives !== undefined) {
        return record(
          json,
          { count: INT },
          { rows: { type: "array", items: { type: "object", properties: node.gives } } },
        );
      }
      return record(json, { rows: JSON_TYPE, count: INT });
    case "db.query":
      if (node.row !== undefined) return record(json, { count: INT }, { rows: { type: "array", items: node.row } });
      return record(json, { rows: JSON_TYPE, count: INT });
    case "db.update":
      return record(json, { count: INT });
    case "forEach":
      if (node.collects !== undefined) {
        return record(json, { count: INT }, { results: { type: "array", items: node.collects } });
      }
      return record(json, { count: INT, results: JSON_TYPE });
    case "branch":
      return record(json, { port: TEXT });
    case "http.request":
      return record(json, { status: INT, headers: JSON_TYPE }, { body: node.response });
    case "waitForSignal":
      return record(json, { timedOut: BOOL }, { payload: node.payload });
    case "approval":
      return record(json, { approved: BOOL, by: UUID, comment: TEXT, timedOut: BOOL });
    case "queue.publish":
      return record(json, { id: UUID });
    case "signal":
      return record(json, { taken: INT });
    case "startWorkflow":
      return record(json, { runId: UUID }, { output: outputOf(build, node.workflow) });
    default:
      return undefined;
  }
}

/** Scalars by name, and parts that a JSON Schema describes. */
function record(json: SqlExpression, scalars: ScalarTypes, parts: Readonly<Record<string, unknown>> = {}): Variable {
  const fields: Record<string, Variable> = {};
  for (const [name, type] of Object.entries(scalars)) {
    fields[name] =
      type.kind === "json" || type.kind === "list"
        ? { kind: "value", type: JSON_TYPE, nullable: true, sql: binary("->", json, literal(name)) }
        : scalar(type, binary("->>", json, literal(name)));
  }
  for (const [name, schema] of Object.entries(parts)) {
    fields[name] = taskOutput(schema, binary("->", json, literal(name)));
  }
  return { kind: "record", fields };
}

function transformTypes(
  build: StepModel,
  workflow: Workflow,
  node: NodeOf<"transform">,
  variables: Readonly<Record<string, Variable>>,
): ScalarTypes {
  return Object.fromEntries(
    Object.entries(node.values).map(([name, text]): [string, ExpressionType] => {
      const result = check(text, { catalog: build.catalog, variables });
      if (result.ok) return [name, result.core.type.kind === "null" ? JSON_TYPE : result.core.type];
      const findings = result.errors.map((error) => error.message).join("; ");
      throw workflowError("EJS6005", `${workflow.name}.${node.id}.${name}: ${findings} (${text})`);
    }),
  );
}

/** The schema of what a workflow gives, where it has one end that gives something. */
function outputOf(build: StepModel, name: string): unknown {
  const outputs = Object.values(build.system.workflows.find((workflow) => workflow.name === name)?.outputs ?? {});
  return outputs.length === 1 ? outputs[0] : undefined;
}
