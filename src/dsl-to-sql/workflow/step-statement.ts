/** The SQL of a step: all its values in one statement, evaluated as the run's actor. */
import type { ExpressionType } from "../../expression/index.ts";
import type { NodeOf, Workflow } from "../../model/index.ts";
import type { StepModel } from "./entity-table.ts";
import { rowStatement } from "./row-statement.ts";
import { type RowNode, StatementMaker } from "./statement-maker.ts";
import { type StepScope, stepScope } from "./step-scope.ts";

/** What a statement is made of: the definition's parts that have expressions. */
export type StatementNode =
  | RowNode
  | NodeOf<"branch">
  /** Values by name, as one JSON object. */
  | { readonly id: string; readonly kind: "values"; readonly values: Readonly<Record<string, string>> }
  /** One value as JSON. */
  | { readonly id: string; readonly kind: "value"; readonly value: string; readonly expected?: ExpressionType }
  /** Whether it holds; unknown is false. */
  | { readonly id: string; readonly kind: "condition"; readonly condition: string };

/** The texts of the statements, by build, workflow, node and kind: they are the same for every run. */
const statements = new WeakMap<StepModel, Map<Workflow, Map<string, string>>>();
const scopes = new WeakMap<StepModel, Map<Workflow, StepScope>>();

/** The statement of a node; its parameters are `stepValues`, its only column is `value`. */
export function stepStatement(build: StepModel, workflow: Workflow, node: StatementNode): string {
  const ofWorkflow = kept(
    kept(statements, build, () => new Map()),
    workflow,
    () => new Map<string, string>(),
  );
  return kept(ofWorkflow, `${node.id} ${node.kind}`, () => {
    const scope = kept(
      kept(scopes, build, () => new Map()),
      workflow,
      () => stepScope(build, workflow),
    );
    return statementOf(new StatementMaker(build, workflow, scope, node.id), node);
  });
}

function kept<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** The statement of a node in the maker's scope; its only column is `value`. */
export function statementOf(maker: StatementMaker, node: StatementNode): string {
  switch (node.kind) {
    case "values":
      return maker.values(node.values);
    case "value":
      return `select to_jsonb(${maker.expression(node.value, "value", node.expected)}) as value\n${maker.scope.from([node.value])}`;
    case "condition":
      return `select ${maker.condition(node.condition, "condition")} as value\n${maker.scope.from([node.condition])}`;
    case "branch":
      return maker.branch(node);
    default:
      return rowStatement(maker, node);
  }
}
