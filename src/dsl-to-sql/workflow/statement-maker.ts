/** Prints the expressions of a node's statement. */
import { workflowError } from "../../errors/workflow-error.ts";
import { check, type Environment, type ExpressionType, toCondition, toSql } from "../../expression/index.ts";
import { type Entity, expressionType, type Field, type NodeOf, type Workflow } from "../../model/index.ts";
import type { SqlExpression } from "../../sql-ast/expressions.ts";
import { printExpression } from "../../sql-ast/print-expression.ts";
import { quoteLiteral } from "../../sql-ast/quote.ts";
import type { StepModel } from "./entity-table.ts";
import type { StepScope } from "./step-scope.ts";

/** Nodes whose statement reads or writes the rows of an entity. */
export type RowNode = NodeOf<"crud.create" | "crud.get" | "crud.list" | "crud.update" | "crud.delete" | "db.update">;

export class StatementMaker {
  readonly build: StepModel;
  readonly workflow: Workflow;
  readonly scope: StepScope;
  private readonly what: string;

  constructor(build: StepModel, workflow: Workflow, scope: StepScope, node: string) {
    this.build = build;
    this.workflow = workflow;
    this.scope = scope;
    this.what = `${workflow.name}.${node}`;
  }

  /** @throws EJS6005 with every finding where the expression does not fit the model */
  expression(text: string, name: string, expected?: ExpressionType, row?: Entity): string {
    return printExpression(
      this.compiled(text, name, expected, row, (core) => toSql(core, { reserved: STATEMENT_ALIASES })),
    );
  }

  /** As `expression`; false where it is unknown. */
  condition(text: string, name: string, row?: Entity): string {
    const truth = this.compiled(text, name, { kind: "bool" }, row, (core) =>
      toCondition(core, true, { reserved: STATEMENT_ALIASES }),
    );
    return `coalesce(${printExpression(truth)}, false)`;
  }

  /** `select jsonb_build_object('to', …, …) as value from …` */
  values(values: Readonly<Record<string, string>>): string {
    const pairs = Object.entries(values).map(([name, text]) => `${quoteLiteral(name)}, ${this.expression(text, name)}`);
    return `select jsonb_build_object(${pairs.join(", ")}) as value\n${this.scope.from(Object.values(values))}`;
  }

  branch(node: NodeOf<"branch">): string {
    const cases = node.cases.map(({ port, when }) => `when ${this.condition(when, port)} then ${quoteLiteral(port)}`);
    const port = `case ${cases.join(" ")} else ${quoteLiteral(node.else)} end`;
    return `select jsonb_build_object('port', ${port}) as value\n${this.scope.from(node.cases.map(({ when }) => when))}`;
  }

  error(message: string): Error {
    return workflowError("EJS6005", `${this.what}: ${message}`);
  }

  private compiled(
    text: string,
    name: string,
    expected: ExpressionType | undefined,
    row: Entity | undefined,
    print: (core: Parameters<typeof toSql>[0]) => SqlExpression,
  ): SqlExpression {
    const { catalog, variables } = this.scope.environment;
    const environment: Environment =
      row === undefined
        ? this.scope.environment
        : {
            catalog,
            variables: { ...variables, row: { kind: "row", entity: row.name, nullable: false, alias: "row" } },
          };
    const result = check(text, environment, expected);
    if (result.ok) return print(result.core);
    const findings = result.errors.map((error) => error.message).join("; ");
    throw workflowError("EJS6005", `${this.what}.${name}: ${findings} (${text})`);
  }
}

/** A reference is its id. */
export const fieldType = ({ type }: Field): ExpressionType =>
  type.kind === "one" ? { kind: "uuid" } : expressionType(type);

/** Aliases of the statements around an expression. */
export const STATEMENT_ALIASES = [
  "results",
  "event_before",
  "event_after",
  "record",
  "created",
  "row",
  "listed",
  "changed",
];
