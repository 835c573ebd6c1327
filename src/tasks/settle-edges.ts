import type { PreparedGraph, PreparedNode } from "./prepared-graph.ts";

/** Decides the edges behind a node that has ended, and gives the nodes that can run now. */
export function settleEdges(
  graph: PreparedGraph,
  ended: PreparedNode,
  by: { readonly port?: string } | "dead",
  open: Map<string, number>,
  taken: Map<string, Set<string>>,
): PreparedNode[] {
  const ready: PreparedNode[] = [];
  for (const { port, to, input = "" } of ended.out) {
    const target = graph.nodes.get(to);
    if (target === undefined) continue;
    const alive = by !== "dead" && (by.port === undefined || port === undefined || port === by.port);
    const inputs = taken.get(to) ?? new Set<string>();
    if (alive) taken.set(to, inputs.add(input));
    const left = (open.get(to) ?? target.edges) - 1;
    open.set(to, left);
    if (left > 0) continue;
    if (target.inputs.every((name) => inputs.has(name))) ready.push(target);
    // Nobody comes this way any more, and what follows has to know.
    else ready.push(...settleEdges(graph, target, "dead", open, taken));
  }
  return ready;
}
