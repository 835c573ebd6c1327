/**
 * What the result of a node is in the expressions of later ones. The DSL checks a workflow with it before there is a database;
 * the compiler and the worker give each name the SQL that reads it out of the checkpoints.
 */
import type { ExpressionType } from "../expression/index.ts";
import type { NodeOf, WorkflowNode } from "./workflow-graph.ts";

export type NodeResult =
  | { readonly kind: "row"; readonly entity: string }
  /** One value, described by a JSON Schema; by `undefined`: any. */
  | { readonly kind: "value"; readonly schema: unknown }
  /** Members by name: those of one type, and those that a JSON Schema describes. */
  | {
      readonly kind: "record";
      readonly types: Readonly<Record<string, ExpressionType>>;
      readonly schemas: Readonly<Record<string, unknown>>;
    };

/** What a node names and does not say itself. */
export interface NodeResultSources {
  /** The schema of what a task returns. */
  readonly task: (name: string) => unknown;
  /** The schema of what another workflow gives whoever waits for it, where that is one thing. */
  readonly workflow: (name: string) => unknown;
  /** The type of an expression of the node; undefined where it has none. */
  readonly typeOf: (name: string, text: string) => ExpressionType | undefined;
}

const INT: ExpressionType = { kind: "int" };
const JSON_TYPE: ExpressionType = { kind: "json" };
const BOOL: ExpressionType = { kind: "bool" };
const TEXT: ExpressionType = { kind: "string" };
const UUID: ExpressionType = { kind: "uuid" };

/** Undefined for nodes without a result. */
export function nodeResult(node: WorkflowNode, sources: NodeResultSources): NodeResult | undefined {
  switch (node.kind) {
    case "crud.create":
    case "crud.get":
    case "crud.update":
    case "crud.delete":
      return node.gives === undefined ? { kind: "row", entity: node.entity } : value(objectOf(node.gives));
    case "crud.list":
      return listed("rows", node.gives && objectOf(node.gives));
    case "db.query":
      return listed("rows", node.row);
    case "forEach":
      return listed("results", node.collects);
    case "db.update":
      return record({ count: INT });
    case "task":
      return node.ports === undefined ? value(sources.task(node.task)) : record({ port: TEXT }, node.ports);
    case "transform":
      return transformed(node, sources);
    case "merge":
      return value(node.schema);
    case "branch":
      return record({ port: TEXT });
    case "http.request":
      return record({ status: INT, headers: JSON_TYPE }, { body: node.response });
    case "waitForSignal":
      return record({ timedOut: BOOL }, { payload: node.payload });
    case "approval":
      return record({ approved: BOOL, by: UUID, comment: TEXT, timedOut: BOOL });
    case "queue.publish":
      return record({ id: UUID });
    case "signal":
      return record({ taken: INT });
    case "startWorkflow":
      return record({ runId: UUID }, node.wait ? { output: sources.workflow(node.workflow) } : {});
    case "start":
    case "log":
    case "sleep":
    case "parallel":
    case "compensate":
    case "fail":
    case "end":
      return undefined;
    default:
      return node satisfies never;
  }
}

const value = (schema: unknown): NodeResult => ({ kind: "value", schema });

const record = (
  types: Readonly<Record<string, ExpressionType>>,
  schemas: Readonly<Record<string, unknown>> = {},
): NodeResult => ({ kind: "record", types, schemas });

const objectOf = (properties: unknown) => ({ type: "object", properties });

/** A list and its length; without a schema of the items the list is any JSON. */
const listed = (name: string, items: unknown): NodeResult =>
  items === undefined
    ? record({ count: INT, [name]: JSON_TYPE })
    : record({ count: INT }, { [name]: { type: "array", items } });

function transformed({ values, types }: NodeOf<"transform">, { typeOf }: NodeResultSources): NodeResult {
  const others = Object.entries(values).filter(([name]) => !Object.hasOwn(types ?? {}, name));
  // Of which all is declared is a value itself: what a merge or a list takes as a whole.
  if (types !== undefined && others.length === 0) return value(objectOf(types));
  const found = others.map(([name, text]): [string, ExpressionType] => {
    const type = typeOf(name, text);
    // A list is kept as JSON.
    return [name, type === undefined || type.kind === "null" || type.kind === "list" ? JSON_TYPE : type];
  });
  return record(Object.fromEntries(found), types);
}
