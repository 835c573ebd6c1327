/** A graph of a process: the whole of it, or the body of one of its nodes. */

import type { ProcessNode, ProcessNodes } from "./file-graph.ts";
import type { PortValue } from "./node-context.ts";
import type { ProcessFile } from "./process-file.ts";
import type { Path } from "./process-source.ts";

export interface GraphScope {
  readonly nodes: ProcessNodes;
  readonly edges: ProcessFile["edges"];
  /** Of what has `nodes` and `edges` in the file. */
  readonly path: Path;
  /** Of a body: the operation that has it, and what its start gives, by port. */
  readonly body?: { readonly op: BodyOp; readonly of: string; readonly given: Readonly<Record<string, PortValue>> };
}

export type BodyOp = "forEach" | "compensate";

interface PlacedNode {
  readonly id: string;
  readonly node: ProcessNode;
  readonly path: Path;
}

/** All nodes of a process, those of bodies behind the node that has them. */
export function* placedNodes(
  { nodes, path }: Pick<GraphScope, "nodes" | "path">,
  within = 0,
): Generator<PlacedNode & { readonly depth: number }> {
  for (const [id, node] of Object.entries(nodes)) {
    const at = [...path, "nodes", id];
    yield { id, node, path: at, depth: within };
    if ("nodes" in node) yield* placedNodes({ nodes: node.nodes, path: at }, within + 1);
  }
}
