/**
 * The body that a build gives `enginejs.workflow_may_start(workflow, input)`: the `allow` of every workflow whose trigger has
 * one, over the actor and what the run would be given. Asked by enginejs.require_call, and by nobody else.
 */
import { toCondition } from "../expression/to-sql.ts";
import type { Workflow } from "../model/index.ts";
import { binary, call, column, literal } from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { claimsOf } from "./claims-of.ts";
import { startEnvironment } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { sortedBy } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { resolvePermissions } from "./resolve-permissions.ts";
import type { StatementList } from "./statement-list.ts";
import { taskOutput } from "./workflow/task-output-type.ts";

const FUNCTION = "workflow_may_start";

export function compileMayStart(list: StatementList, expressions: ExpressionCompiler): void {
  const { model } = list;
  const dependsOn = new Set<string>();
  const answers = sortedBy(model.system.workflows, ({ name }) => name).flatMap((workflow) => {
    const [answer, calls] = answerOf(workflow, list, expressions);
    for (const id of calls) dependsOn.add(id);
    return answer === undefined ? [] : [answer];
  });
  const no: PlpgsqlStatement = { kind: "return", value: literal(false) };
  const name = { schema: "enginejs", name: FUNCTION };
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "workflow", type: "text" },
        { name: "input", type: "jsonb" },
      ],
      returns: "boolean",
      // One statement per workflow: what another one's input cannot be read as does no harm.
      language: "plpgsql",
      volatility: "stable",
      securityDefiner: true,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "block", block: { kind: "block", declarations: [], statements: [...answers, no] } },
    },
    {
      kind: "function",
      object: objectIdentity({ type: "function", name, parameters: ["text", "jsonb"] }),
      phase: "functions",
      role: "enginejs_reader",
      hazards: ["changes authorization"],
      dependsOn: [...dependsOn].sort(),
      why: "who may start which workflow, besides those with one of its roles",
    },
  );
}

/** `if workflow = 'orders.place' then return …` and the functions that it calls. */
function answerOf(
  { name, trigger, input }: Workflow,
  { model }: StatementList,
  expressions: ExpressionCompiler,
): [PlpgsqlStatement | undefined, readonly string[]] {
  if (trigger.kind !== "manual" || trigger.allow === undefined) return [undefined, []];
  const environment = startEnvironment(model, taskOutput(input, column(FUNCTION, "input")));
  const checked = expressions.condition(trigger.allow, environment, `workflows.${name}`);
  if (checked === undefined) return [undefined, []];
  const truth = toCondition(resolvePermissions(checked, model));
  const value = call("coalesce", truth, literal(false));
  const when = binary("=", column(FUNCTION, "workflow"), literal(name));
  return [{ kind: "if", branches: [{ when, body: [{ kind: "return", value }] }] }, claimsOf(truth, model)];
}
