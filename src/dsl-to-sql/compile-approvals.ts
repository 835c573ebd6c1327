/**
 * Who may decide, as one definer's function for each approval: `app.may_decide_<workflow>_<step>_<hash>(scope jsonb)`. It
 * reads the true rows; `scope` holds what the names of the step stand for, as the run has kept them when it began to wait,
 * and `actor` is whoever asks. Found by its name: sql/functions/workflow_may_decide.sql. Nobody else may call it.
 */
import { toCondition } from "../expression/to-sql.ts";
import { allNodes, type NodeOf, type Workflow } from "../model/index.ts";
import {
  binary,
  call,
  cast,
  column,
  derived,
  literal,
  type SelectNode,
  type SqlExpression,
  scalarSelect,
  select,
} from "../sql-ast/expressions.ts";
import { approvalFunctionName } from "./approval-function.ts";
import { claimsOf } from "./claims-of.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { addExecuteGrants, selectValue } from "./helper-functions.ts";
import { sortedBy } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { resolvePermissions } from "./resolve-permissions.ts";
import { tablesOf } from "./sql-usage.ts";
import type { StatementList } from "./statement-list.ts";
import { withinTenant } from "./within-tenant.ts";
import { STATEMENT_ALIASES } from "./workflow/statement-maker.ts";
import { type StepScope, stepScope } from "./workflow/step-scope.ts";

const SCOPE = "scope";

export function compileApprovals(list: StatementList, expressions: ExpressionCompiler): void {
  const { model } = list;
  for (const workflow of sortedBy(model.system.workflows, ({ name }) => name)) {
    const approvals = [...allNodes(workflow)].filter((node) => node.kind === "approval");
    if (approvals.length === 0) continue;
    const scope = stepScope(model, workflow);
    for (const node of sortedBy(approvals, ({ id }) => id)) addFunction(workflow, node, scope, list, expressions);
  }
}

function addFunction(
  workflow: Workflow,
  node: NodeOf<"approval">,
  scope: StepScope,
  list: StatementList,
  expressions: ExpressionCompiler,
): void {
  const { model } = list;
  const source = `workflows.${workflow.name}.${node.id}`;
  const checked = expressions.condition(node.policy, scope.environment, source);
  if (checked === undefined) return;
  const core = withinTenant(resolvePermissions(checked, model), model);
  const value = scalarSelect(decision(toCondition(core, true, { reserved: STATEMENT_ALIASES }), node.policy, scope));
  const name = model.name(approvalFunctionName(workflow, node));
  const reference = { type: "function", name, parameters: ["jsonb"] } as const;
  const object = objectIdentity(reference);
  const why = `who may decide ${node.id} of the workflow ${workflow.name}: ${node.policy}`;
  const common = { source, role: "enginejs_reader" } as const;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [{ name: SCOPE, type: "jsonb" }],
      returns: "boolean",
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "select", select: selectValue(call("coalesce", value, literal(false))) },
    },
    {
      ...common,
      kind: "function",
      object,
      phase: "functions",
      hazards: ["changes authorization"],
      dependsOn: [...tablesOf(value).map((read) => tableIdentity(model.name(read))), ...claimsOf(value, model)],
      why,
      outlives: workflow.name,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: [why], ...common });
}

/** The names of a step out of one JSON value: enginejs.workflow_waits.scope. */
function decision(truth: SqlExpression, policy: string, scope: StepScope): SelectNode {
  // What is not there is JSON's null in the scope, of which no row can be made.
  const part = (key: string) =>
    call("nullif", binary("->", column(undefined, SCOPE), literal(key)), literal("null", "jsonb"));
  const id = (key: string) => cast(binary("->>", column(undefined, SCOPE), literal(key)), "uuid");
  const values = select({
    columns: [
      ...["before", "after", "input", "value"].map((key) => ({ value: part(key), alias: key })),
      { value: id("recordId"), alias: "record_id" },
      { value: id("tenantId"), alias: "tenant_id" },
    ],
  });
  return select({ columns: [{ value: truth }], from: derived(values, "results"), joins: scope.joins([policy]) });
}
