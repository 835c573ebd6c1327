/** Which nodes are one transaction: those of one `tx`, and what computes and decides between them. */
import type { WorkflowEdge, WorkflowNode } from "../model/index.ts";
import type { GraphScope } from "./graph-scope.ts";
import type { ProcessContext } from "./process-context.ts";

const PURE = ["transform", "branch", "merge"];

/** Gives the nodes between two of one transaction to it, and reports a transaction that is not one piece. */
export function joinTransactions(
  context: ProcessContext,
  scope: GraphScope,
  nodes: readonly WorkflowNode[],
  edges: readonly WorkflowEdge[],
): WorkflowNode[] {
  const names = new Map<string, string>();
  for (const node of nodes) if ("tx" in node && node.tx !== undefined) names.set(node.id, node.tx);
  if (names.size === 0) return [...nodes];
  const before = ancestorsOf(nodes, edges);
  for (const node of nodes) {
    if (names.has(node.id) || !PURE.includes(node.kind)) continue;
    const above = [...names].find(([id]) => before.get(node.id)?.has(id) === true)?.[1];
    const between =
      above !== undefined && [...names].some(([id, tx]) => tx === above && before.get(id)?.has(node.id) === true);
    if (between) names.set(node.id, above);
  }
  for (const tx of new Set(names.values())) {
    const members = [...names].filter(([, name]) => name === tx).map(([id]) => id);
    if (members.length === 1) for (const id of members) names.delete(id);
    else refusePieces(context, scope, tx, members, edges, before);
  }
  return nodes.map((node) => {
    const tx = names.get(node.id);
    const { tx: _, ...rest } = node as WorkflowNode & { readonly tx?: string };
    return (tx === undefined ? rest : { ...rest, tx }) as WorkflowNode;
  });
}

function refusePieces(
  { source }: ProcessContext,
  scope: GraphScope,
  tx: string,
  members: readonly string[],
  edges: readonly WorkflowEdge[],
  before: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const leading = (id: string) => edges.filter(({ to }) => to === id).map(({ from }) => from);
  const path = (id: string) => [...scope.path, "nodes", ...(Object.hasOwn(scope.nodes, id) ? [id, "tx"] : [])];
  const [entry = "", ...others] = members.filter((id) => !leading(id).some((from) => members.includes(from)));
  for (const id of others) {
    source.report("EJS2542", `The transaction ${tx} begins twice: with ${entry} and with ${id}.`, path(id));
  }
  if (others.length > 0) return;
  for (const id of members) {
    const odd = leading(id).find((from) => !members.includes(from) && before.get(entry)?.has(from) !== true);
    if (id === entry || odd === undefined) continue;
    source.report(
      "EJS2542",
      `The transaction ${tx} is not one piece: ${odd} lies between ${entry} and ${id}.`,
      path(id),
    );
  }
}

/** By node: all from which a path leads to it. Nodes stand behind those that lead to them. */
function ancestorsOf(
  nodes: readonly WorkflowNode[],
  edges: readonly WorkflowEdge[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const leading = Map.groupBy(edges, ({ to }) => to);
  const found = new Map<string, Set<string>>();
  for (const { id } of nodes) {
    const above = new Set<string>();
    for (const { from } of leading.get(id) ?? []) {
      above.add(from);
      for (const each of found.get(from) ?? []) above.add(each);
    }
    found.set(id, above);
  }
  return found;
}
