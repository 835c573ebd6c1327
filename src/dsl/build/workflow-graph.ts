import type { Workflow, WorkflowNode } from "../../model/index.ts";

/** A chain of nodes between start and end. */
export function graphOf(steps: readonly WorkflowNode[]): Pick<Workflow, "nodes" | "edges"> {
  const nodes: WorkflowNode[] = [{ id: "start", kind: "start" }, ...steps, { id: "end", kind: "end" }];
  const edges = nodes.slice(1).map(({ id }, i) => ({ from: nodes[i]?.id ?? "start", to: id }));
  return { nodes, edges };
}
