/** The SQL of a step: all its values in one statement, evaluated as the run's actor. */
import { check, type Environment, type ExpressionType, toSql } from "../expression/index.ts";
import { expressionType, type Field, type Workflow, type WorkflowNode } from "../model/index.ts";
import type { SqlExpression } from "../sql-ast/expressions.ts";
import { printExpression, printName } from "../sql-ast/print-expression.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import type { Build } from "./build.ts";
import { entityOf, stepScope, tableOf } from "./step-scope.ts";
import { workflowError } from "./workflow-error.ts";

type ValueNode = Extract<WorkflowNode, { kind: "task" | "log" }>;
type CreateNode = Extract<WorkflowNode, { kind: "crud.create" }>;

/** The texts of the statements, by build, workflow and node: they are the same for every run. */
const statements = new WeakMap<Build, Map<Workflow, Map<string, string>>>();

/** The statement of a node; its parameters are `stepValues`, its only column is `value`. */
export function stepStatement(build: Build, workflow: Workflow, node: ValueNode | CreateNode): string {
  const ofBuild = statements.get(build) ?? new Map<Workflow, Map<string, string>>();
  statements.set(build, ofBuild);
  const ofWorkflow = ofBuild.get(workflow) ?? new Map<string, string>();
  ofBuild.set(workflow, ofWorkflow);
  const found = ofWorkflow.get(node.id);
  if (found !== undefined) return found;
  const text = node.kind === "crud.create" ? insertRow(build, workflow, node) : selectValues(build, workflow, node);
  ofWorkflow.set(node.id, text);
  return text;
}

/** `select jsonb_build_object('to', …, …) as value from …` */
function selectValues(build: Build, workflow: Workflow, node: ValueNode): string {
  const values = node.kind === "task" ? node.input : node.values;
  const scope = stepScope(build, workflow);
  const pairs = Object.entries(values).map(([name, text]) => {
    const sql = compiled(text, scope.environment, `${workflow.name}.${node.id}.${name}`);
    return `${quoteLiteral(name)}, ${printExpression(sql)}`;
  });
  return `select jsonb_build_object(${pairs.join(", ")}) as value\n${scope.from(Object.values(values))}`;
}

/** `insert into app.receipt as created (invoice_id, amount) select …, … from … returning to_jsonb(created) as value` */
function insertRow(build: Build, workflow: Workflow, node: CreateNode): string {
  const entity = entityOf(build, workflow, node.entity);
  const scope = stepScope(build, workflow);
  const columns: string[] = [];
  const values: string[] = [];
  for (const [name, text] of Object.entries(node.values)) {
    const field = entity.fields.find((candidate) => candidate.name === name);
    if (field?.storage.kind !== "column") {
      throw workflowError(
        "EJS6005",
        `Workflow ${workflow.name}, step ${node.id}: ${entity.name} stores no field ${name}.`,
      );
    }
    columns.push(quoteIdentifier(field.storage.column));
    const sql = compiled(text, scope.environment, `${workflow.name}.${node.id}.${name}`, fieldType(field));
    values.push(printExpression(sql));
  }
  const table = printName(tableOf(build, entity));
  const returning = `returning to_jsonb("created") as value`;
  if (columns.length === 0) return `insert into ${table} as "created" default values ${returning}`;
  const from = scope.from(Object.values(node.values));
  return `insert into ${table} as "created" (${columns.join(", ")})\nselect ${values.join(", ")}\n${from}\n${returning}`;
}

/** A reference is its id. */
const fieldType = ({ type }: Field): ExpressionType => (type.kind === "one" ? { kind: "uuid" } : expressionType(type));

/** @throws EJS6005 with every finding where the expression does not fit the model */
export function compiled(
  text: string,
  environment: Environment,
  what: string,
  expected?: ExpressionType,
): SqlExpression {
  const result = check(text, environment, expected);
  if (result.ok) return toSql(result.core, { reserved: RESERVED });
  const findings = result.errors.map((error) => error.message).join("; ");
  throw workflowError("EJS6005", `${what}: ${findings} (${text})`);
}

/** Aliases of the statements around an expression. */
const RESERVED = ["results", "event_before", "event_after", "record", "created"];
