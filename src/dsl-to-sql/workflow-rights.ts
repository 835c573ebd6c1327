/** Who may do what where no row decides it: start a workflow, decide an approval, publish to a queue, manage webhook endpoints. Of one build. */
import type { Environment } from "../expression/catalog.ts";
import { allNodes, type Workflow } from "../model/index.ts";
import { column } from "../sql-ast/expressions.ts";
import type { AccessRules } from "./access-rules.ts";
import { startEnvironment } from "./environments.ts";
import { isProcessFunction } from "./process-function.ts";
import type { SpokenRule } from "./spoken-rule.ts";
import { stepScope } from "./workflow/step-scope.ts";
import { taskOutput } from "./workflow/task-output-type.ts";

/** One thing that somebody may do. */
export interface WorkflowRight {
  /** `workflow send-refund`, `queue stock-moves`, `webhooks`. */
  readonly of: string;
  /** `start`, `decide secondPair`, `publish`, `manage`. */
  readonly operation: string;
  /** As a person says it: `start send-refund`. */
  readonly deed: string;
  /** What consents call it, the closest first. */
  readonly subjects: readonly string[];
  /** The key of the source map. */
  readonly source: string;
  /** Any of them lets pass; nobody but the platform where there are none. */
  readonly allows: readonly SpokenRule[];
}

/** The rights about a workflow: who may start it, and who decides its approvals. */
export function rightsOfWorkflow(workflow: Workflow, rules: AccessRules): readonly WorkflowRight[] {
  const { name } = workflow;
  const common = { of: `workflow ${name}`, subjects: [`workflows.${name}`] };
  const start: WorkflowRight = {
    ...common,
    operation: "start",
    deed: `start ${name}`,
    source: `workflows.${name}`,
    allows: startRules(workflow, rules),
  };
  const decisions = approvalsOf(workflow).map(({ id, policy }): WorkflowRight => {
    const source = `workflows.${name}.${id}`;
    const { environment } = stepScope(rules.model, workflow);
    const what = `policy of approval ${id} of workflow ${name}`;
    const allows = [ruleOf({ what, source, text: policy, environment }, rules)];
    return { ...common, operation: `decide ${id}`, deed: `decide ${id} of ${name}`, source, allows };
  });
  return [start, ...decisions];
}

export const approvalsOf = (workflow: Workflow) =>
  [...allNodes(workflow)].filter((node) => node.kind === "approval").sort((a, b) => (a.id < b.id ? -1 : 1));

function startRules(workflow: Workflow, rules: AccessRules): readonly SpokenRule[] {
  const { name, trigger, input } = workflow;
  if (trigger.kind !== "manual") return [];
  const environment = startEnvironment(rules.model, taskOutput(input, column("workflow_may_start", "input")));
  const source = `workflows.${name}`;
  const { roles, allow } = trigger;
  const given = [
    ...(roles === undefined ? [] : [{ what: `roles of workflow ${name}`, text: anyOf(roles) }]),
    ...(allow === undefined ? [] : [{ what: `allow of workflow ${name}`, text: allow }]),
  ];
  // A function that does nothing but what its caller may do himself is everybody's.
  if (given.length === 0 && isProcessFunction(workflow))
    given.push({ what: `start of workflow ${name}`, text: "true" });
  return given.map((one) => ruleOf({ ...one, source, environment }, rules));
}

/** Who may publish to a queue. */
export function publishing(name: string, rules: AccessRules): WorkflowRight {
  const publishers = rules.model.system.queues?.find((queue) => queue.name === name)?.publishers;
  return {
    of: `queue ${name}`,
    operation: "publish",
    deed: `publish to ${name}`,
    subjects: [`queues.${name}`],
    source: `queues.${name}`,
    allows: ofRoles(`publishers of queue ${name}`, `queues.${name}`, publishers, rules),
  };
}

/** Who manages the webhook endpoints of his tenant. */
export function managing(rules: AccessRules): WorkflowRight {
  return {
    of: "webhooks",
    operation: "manage",
    deed: "manage webhook endpoints",
    subjects: ["webhooks.manage", "webhooks"],
    source: "webhooks",
    allows: ofRoles("manage of webhooks", "webhooks", rules.model.system.webhooks?.manage, rules),
  };
}

function ofRoles(what: string, source: string, roles: readonly string[] | undefined, rules: AccessRules): SpokenRule[] {
  if (roles === undefined) return [];
  const environment = startEnvironment(rules.model, taskOutput(undefined, column("workflow_may_start", "input")));
  return [ruleOf({ what, source, text: anyOf(roles), environment }, rules)];
}

const anyOf = (roles: readonly string[]): string =>
  [...roles]
    .sort()
    .map((role) => `${JSON.stringify(role)} in actor.roles`)
    .join(" || ");

interface Written {
  readonly what: string;
  readonly source: string;
  readonly text: string;
  readonly environment: Environment;
}

const ruleOf = ({ what, source, text, environment }: Written, rules: AccessRules): SpokenRule => ({
  effect: "allow",
  sentence: what,
  source,
  text,
  ...rules.meaningIn(environment, [text]),
});
