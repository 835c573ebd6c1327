import type { WorkflowEdge } from "../model/index.ts";
import type { PreparedGraph, PreparedNode } from "./prepared-graph.ts";

/** Decides the edges behind a node that has ended, and gives the nodes that can run now. */
export function settleEdges(
  graph: PreparedGraph,
  ended: PreparedNode,
  by: { readonly port?: string } | "dead",
  open: Map<string, number>,
  taken: Map<string, WorkflowEdge[]>,
): PreparedNode[] {
  const ready: PreparedNode[] = [];
  for (const edge of ended.out) {
    const { port, to } = edge;
    const target = graph.nodes.get(to);
    if (target === undefined) continue;
    const alive = by !== "dead" && (by.port === undefined || port === undefined || port === by.port);
    const came = taken.get(to) ?? [];
    if (alive) taken.set(to, [...came, edge]);
    const left = (open.get(to) ?? target.edges) - 1;
    open.set(to, left);
    if (left > 0) continue;
    const inputs = taken.get(to) ?? [];
    if (target.inputs.every((name) => inputs.some(({ input = "" }) => input === name))) ready.push(target);
    // Nobody comes this way any more, and what follows has to know.
    else ready.push(...settleEdges(graph, target, "dead", open, taken));
  }
  return ready;
}
