import type { Workflow, WorkflowNode } from "../model/index.ts";
import { workflowError } from "./workflow-error.ts";

/**
 * The nodes of a workflow in an order in which each comes after all that lead to it; among those that could be next,
 * the one that the definition names first.
 *
 * @throws EJS6008 for a circle or an edge to nowhere
 */
export function nodeOrder(workflow: Workflow): readonly WorkflowNode[] {
  const nodes = new Map(workflow.nodes.map((node) => [node.id, node]));
  const open = new Map(workflow.nodes.map((node) => [node.id, 0]));
  for (const { from, to } of workflow.edges) {
    if (!nodes.has(from) || !nodes.has(to)) {
      throw workflowError("EJS6008", `Workflow ${workflow.name}: the edge from "${from}" to "${to}" names no node.`);
    }
    open.set(to, (open.get(to) ?? 0) + 1);
  }
  const order: WorkflowNode[] = [];
  while (order.length < nodes.size) {
    const next = [...open].find(([, count]) => count === 0)?.[0];
    const node = next === undefined ? undefined : nodes.get(next);
    if (next === undefined || node === undefined) {
      throw workflowError("EJS6008", `Workflow ${workflow.name}: ${[...open.keys()].join(", ")} wait for each other.`);
    }
    order.push(node);
    open.delete(next);
    for (const { from, to } of workflow.edges) if (from === next) open.set(to, (open.get(to) ?? 0) - 1);
  }
  return order;
}
