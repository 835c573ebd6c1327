/** Processes that PostgreSQL does by itself: whoever calls them gets their output in his own transaction. */
import { objectName, type System, snakeCase, type Workflow, type WorkflowNode } from "../model/index.ts";

/** Nodes that need nothing but the database, and nobody's rights but the caller's. */
const PURE = [
  "start",
  "end",
  "fail",
  "transform",
  "branch",
  "merge",
  "parallel",
  "queue.publish",
  "crud.create",
  "crud.get",
  "crud.list",
  "crud.update",
  "crud.delete",
  "db.update",
] as const satisfies readonly WorkflowNode["kind"][];

export type PureNode = Extract<WorkflowNode, { kind: (typeof PURE)[number] }>;

export const isPureNode = (node: WorkflowNode): node is PureNode => (PURE as readonly string[]).includes(node.kind);

/** Whether it says who may call it: roles, or `allow`. */
export const isGuarded = ({ trigger }: Pick<Workflow, "trigger">): boolean =>
  trigger.kind === "manual" && (trigger.roles !== undefined || trigger.allow !== undefined);

/**
 * Whether a workflow is the SQL function `app.orders_place(input jsonb)`: it is synchronous, runs as its caller, and all its
 * nodes are database work. One that publishes says who may call it: to publish is more than what everybody may.
 */
export function isProcessFunction(workflow: Workflow): boolean {
  const { execution, trigger, as, nodes } = workflow;
  if (execution !== "sync" || trigger.kind !== "manual" || as !== "inherit" || !nodes.every(isPureNode)) return false;
  return isGuarded(workflow) || nodes.every(({ kind }) => kind !== "queue.publish");
}

/** `orders.place` → `orders_place` */
export const processFunctionName = ({ name }: Workflow): string => objectName(...snakeCase(name).split(/[^a-z0-9]+/));

/** Whether somebody can start it over the API: by a role, by its `allow`, or because it does nothing that the caller could not do himself. */
export function isCallable(workflow: Workflow): boolean {
  return isGuarded(workflow) || isProcessFunction(workflow);
}

/** Workflows that somebody has to start and that nobody can over the API: by their names. */
export const notCallable = ({ workflows }: System): readonly string[] =>
  workflows
    .filter((workflow) => workflow.trigger.kind === "manual" && !isCallable(workflow))
    .map(({ name }) => name)
    .sort();

/** The mutation that starts or calls a workflow: `orders.place` → `ordersPlace`. */
export const callName = ({ name }: Pick<Workflow, "name">): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((part, i) => (i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .join("");
