/** A graph as the runner walks it: each node with its ways in and out, bodies included. Made once per definition. */

import { nodeOrder } from "../dsl-to-sql/workflow/node-order.ts";
import type { NodeOf, WorkflowEdge, WorkflowGraph, WorkflowNode } from "../model/index.ts";

export interface PreparedNode {
  readonly node: WorkflowNode;
  /** How many edges lead to it. */
  readonly edges: number;
  /** Each of these needs a taken edge. */
  readonly inputs: readonly string[];
  readonly out: readonly WorkflowEdge[];
  /** Of a forEach and a compensate. */
  readonly body?: PreparedGraph;
}

export interface PreparedGraph {
  readonly nodes: ReadonlyMap<string, PreparedNode>;
  /** Where it begins: the nodes that no edge leads to, compensations aside. */
  readonly roots: readonly PreparedNode[];
  /** What undoes which node of this graph, by that node's id. */
  readonly compensations: ReadonlyMap<string, PreparedNode & { readonly node: NodeOf<"compensate"> }>;
  /** Whether this graph or a body in it undoes anything. */
  readonly compensates: boolean;
}

/** @throws EJS6008 for a circle or an edge to nowhere */
export function prepareGraph(name: string, graph: WorkflowGraph): PreparedGraph {
  const nodes = new Map<string, PreparedNode>();
  for (const node of nodeOrder(name, graph)) {
    const incoming = graph.edges.filter(({ to }) => to === node.id);
    nodes.set(node.id, {
      node,
      edges: incoming.length,
      inputs: [...new Set(incoming.map(({ input = "" }) => input))],
      out: graph.edges.filter(({ from }) => from === node.id),
      ...(node.kind === "forEach" || node.kind === "compensate" ? { body: prepareGraph(name, node.body) } : {}),
    });
  }
  const all = [...nodes.values()];
  const compensations = new Map(all.filter(isCompensation).map((prepared) => [prepared.node.of, prepared]));
  return {
    nodes,
    roots: all.filter((prepared) => prepared.edges === 0 && !isCompensation(prepared)),
    compensations,
    compensates: compensations.size > 0 || all.some(({ body }) => body?.compensates === true),
  };
}

const isCompensation = (prepared: PreparedNode): prepared is PreparedNode & { readonly node: NodeOf<"compensate"> } =>
  prepared.node.kind === "compensate";
