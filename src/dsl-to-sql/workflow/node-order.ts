import { workflowError } from "../../errors/workflow-error.ts";
import type { WorkflowGraph, WorkflowNode } from "../../model/index.ts";

/**
 * The nodes of a graph in an order in which each comes after all that lead to it; among those that could be next,
 * the one that the definition names first.
 *
 * @param name the workflow's, for messages
 * @throws EJS6008 for a circle or an edge to nowhere
 */
export function nodeOrder(name: string, graph: WorkflowGraph): readonly WorkflowNode[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const open = new Map(graph.nodes.map((node) => [node.id, 0]));
  for (const { from, to } of graph.edges) {
    if (!nodes.has(from) || !nodes.has(to)) {
      throw workflowError("EJS6008", `Workflow ${name}: the edge from "${from}" to "${to}" names no node.`);
    }
    open.set(to, (open.get(to) ?? 0) + 1);
  }
  const order: WorkflowNode[] = [];
  while (order.length < nodes.size) {
    const next = [...open].find(([, count]) => count === 0)?.[0];
    const node = next === undefined ? undefined : nodes.get(next);
    if (next === undefined || node === undefined) {
      throw workflowError("EJS6008", `Workflow ${name}: ${[...open.keys()].join(", ")} wait for each other.`);
    }
    order.push(node);
    open.delete(next);
    for (const { from, to } of graph.edges) if (from === next) open.set(to, (open.get(to) ?? 0) - 1);
  }
  return order;
}
