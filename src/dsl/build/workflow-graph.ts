import type { WorkflowEdge, WorkflowGraph, WorkflowNode } from "../../model/index.ts";

/** Where paths are that the next node follows: the nodes that ended, each with its way out. */
export type Tails = readonly Pick<WorkflowEdge, "from" | "port">[];

/** A graph that grows node by node. */
export class GraphDraft implements WorkflowGraph {
  readonly nodes: WorkflowNode[] = [];
  readonly edges: WorkflowEdge[] = [];

  /** Puts a node behind the tails; the tail that it is itself. */
  append(node: WorkflowNode, tails: Tails): Tails {
    this.nodes.push(node);
    for (const tail of tails) this.edges.push({ ...tail, to: node.id });
    return [{ from: node.id }];
  }
}

/** A chain of nodes between start and end. */
export function graphOf(steps: readonly WorkflowNode[]): WorkflowGraph {
  const draft = new GraphDraft();
  let tails: Tails = [];
  for (const node of [{ id: "start", kind: "start" } as const, ...steps, { id: "end", kind: "end" } as const]) {
    tails = draft.append(node, tails);
  }
  return { nodes: draft.nodes, edges: draft.edges };
}
