/** The edges of a graph: what they join, in which order nodes run, and which nodes nothing leads to. */
import { didYouMean } from "../errors/suggestion.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import type { ProcessNode } from "./file-graph.ts";
import type { GraphScope } from "./graph-scope.ts";
import type { ProcessContext } from "./process-context.ts";
import { misfit } from "./process-types.ts";

export interface PortEdge {
  readonly from: string;
  readonly out: string;
  readonly to: string;
  readonly in: string;
}

/** The schemas of a node's ports. */
interface NodePorts {
  readonly in: Readonly<Record<string, JsonSchema>>;
  readonly out: Readonly<Record<string, JsonSchema>>;
}

export interface ProcessGraph {
  /** Each node after all that lead to it. */
  readonly order: readonly string[];
  readonly ports: ReadonlyMap<string, NodePorts>;
  /** Some of its nodes lead back to themselves. */
  readonly isCircular: boolean;
  /** The edges that lead to a node. */
  readonly to: (id: string) => readonly PortEdge[];
}

/** Nodes that are begun by an event and not by an edge. */
export const isEntry = ({ op }: ProcessNode): boolean => op === "start" || op === "queue.consume";

export const inPorts = (node: ProcessNode): Readonly<Record<string, string>> => ("in" in node ? (node.in ?? {}) : {});
const outPorts = (node: ProcessNode): Readonly<Record<string, string>> => ("out" in node ? (node.out ?? {}) : {});

/** Reports every edge, port and node that leads nowhere or comes from nowhere. */
export function processGraph(context: ProcessContext, scope: GraphScope): ProcessGraph {
  const ports = portsOf(context, scope);
  const edges = edgesOf(context, scope, ports);
  const by = (end: "from" | "to") => Map.groupBy(edges, (edge) => edge[end]);
  const [leading, leaving] = [by("to"), by("from")];
  const to = (id: string) => leading.get(id) ?? [];
  const from = (id: string) => leaving.get(id) ?? [];
  const { order, circular } = orderOf(context, scope, to, from);
  refuseOpenEnds(context, scope, { order, circular }, to, from);
  return { order, ports, to, isCircular: circular.size > 0 };
}

type Edges = (id: string) => readonly PortEdge[];

function portsOf({ types }: ProcessContext, { nodes, path }: GraphScope): ReadonlyMap<string, NodePorts> {
  const schemas = (id: string, side: "in" | "out", named: Readonly<Record<string, string>>) =>
    // In the order of the canonical form: how a file is written makes no difference to what becomes of it.
    Object.fromEntries(
      byName(Object.entries(named)).map(([port, type]) => [
        port,
        types.schema(type, [...path, "nodes", id, side, port]),
      ]),
    );
  return new Map(
    Object.entries(nodes).map(([id, node]) => [
      id,
      { in: schemas(id, "in", inPorts(node)), out: schemas(id, "out", outPorts(node)) },
    ]),
  );
}

function edgesOf(
  { source }: ProcessContext,
  scope: GraphScope,
  ports: ReadonlyMap<string, NodePorts>,
): readonly PortEdge[] {
  const edges: PortEdge[] = [];
  const seen = new Set<string>();
  scope.edges.forEach((pair, i) => {
    const at = [...scope.path, "edges", i];
    const ends = pair.map((text, side) => {
      const [id = "", port = ""] = text.split(".");
      const of = ports.get(id)?.[side === 0 ? "out" : "in"];
      const path = [...at, side];
      if (of === undefined) {
        source.report("EJS2520", `There is no node "${id}".`, path, { hint: known(id, ports.keys(), "Nodes") });
        return undefined;
      }
      if (!Object.hasOwn(of, port)) {
        const what = side === 0 ? "out" : "in";
        source.report("EJS2520", `The node ${id} has no ${what} port "${port}".`, path, {
          hint: known(port, Object.keys(of), `Its ${what} ports`),
        });
        return undefined;
      }
      return { id, port, schema: of[port] };
    });
    const [from, to] = ends;
    if (from === undefined || to === undefined) return;
    if (seen.has(pair.join(" "))) {
      source.report("EJS2520", `The edge from ${pair[0]} to ${pair[1]} is there twice.`, [...at, 0]);
      return;
    }
    seen.add(pair.join(" "));
    const problem = misfit(from.schema, to.schema);
    if (problem !== undefined) {
      const hint = `${pair[0]} is ${typeOf(scope.nodes[from.id], "out", from.port)}, ${pair[1]} takes ${typeOf(scope.nodes[to.id], "in", to.port)}.`;
      source.report("EJS2512", `${pair[0]} does not fit ${pair[1]}: ${problem}.`, [...at, 1], { hint });
    }
    edges.push({ from: from.id, out: from.port, to: to.id, in: to.port });
  });
  // Where several come to one port, the first that was taken counts: the first in the canonical form.
  return edges
    .map((edge): [string, PortEdge] => [`${edge.from}.${edge.out}", "${edge.to}.${edge.in}"`, edge])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, edge]) => edge);
}

const byName = <T>(entries: readonly [string, T][]): readonly [string, T][] =>
  entries.toSorted(([a], [b]) => (a < b ? -1 : 1));

const typeOf = (node: ProcessNode | undefined, side: "in" | "out", port: string): string =>
  (node === undefined ? undefined : (side === "in" ? inPorts : outPorts)(node)[port]) ?? "";

function known(name: string, names: Iterable<string>, lead: string): string {
  const all = [...names];
  // All names of a large graph help nobody.
  const shown = all.length > 40 ? `${all.slice(0, 40).join(", ")} and ${all.length - 40} more` : all.join(", ");
  return `${didYouMean(name, all)}${lead}: ${shown || "none"}.`;
}

interface NodeOrder {
  readonly order: readonly string[];
  /** Nodes of a circle, and those behind it. */
  readonly circular: ReadonlySet<string>;
}

/** Nodes in the order of their names, each as soon as all that lead to it have had their turn. */
function orderOf({ source }: ProcessContext, { nodes, path }: GraphScope, to: Edges, from: Edges): NodeOrder {
  const waitsFor = new Map(Object.keys(nodes).map((id) => [id, to(id).length]));
  // The last one is the next.
  const ready = [...waitsFor.keys()].filter((id) => waitsFor.get(id) === 0).sort((a, b) => (a < b ? 1 : -1));
  const order: string[] = [];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    for (const { to: next } of from(id)) {
      const left = (waitsFor.get(next) ?? 0) - 1;
      waitsFor.set(next, left);
      if (left !== 0) continue;
      const at = ready.findLastIndex((other) => other > next);
      ready.splice(at + 1, 0, next);
    }
  }
  const open = new Set([...waitsFor.keys()].filter((id) => (waitsFor.get(id) ?? 0) > 0).sort());
  if (open.size === 0) return { order, circular: open };
  // Each of them is led to by another one: following the edges backwards comes to a circle.
  const seen: string[] = [];
  let id = [...open][0] ?? "";
  while (!seen.includes(id)) {
    seen.push(id);
    id = to(id).find((edge) => open.has(edge.from))?.from ?? "";
  }
  const circle = seen.slice(seen.indexOf(id)).reverse();
  const [first = ""] = circle;
  source.report(
    "EJS2523",
    `${circle.join(" → ")} → ${first}: the nodes lead back to themselves.`,
    [...path, "nodes", first],
    { key: true },
  );
  return { order: [...order, ...open], circular: open };
}

function refuseOpenEnds(
  { source }: ProcessContext,
  { nodes, path }: GraphScope,
  { order, circular }: NodeOrder,
  to: Edges,
  from: Edges,
): void {
  const begins = (id: string) => {
    const node = nodes[id];
    // What undoes a node is begun by its failure.
    return node !== undefined && (isEntry(node) || node.op === "compensate");
  };
  const reached = new Set([...order.filter(begins), ...circular]);
  for (const id of order) if (to(id).some((edge) => reached.has(edge.from))) reached.add(id);
  for (const id of order) {
    const node = nodes[id];
    if (node === undefined || isEntry(node)) continue;
    const at = [...path, "nodes", id];
    if (!reached.has(id)) source.report("EJS2522", `No path leads from the start to ${id}.`, at, { key: true });
    for (const port of Object.keys(inPorts(node))) {
      if (!reached.has(id) || to(id).some((edge) => edge.in === port)) continue;
      source.report("EJS2521", `No edge leads to ${id}.${port}.`, [...at, "in", port], { key: true });
    }
    for (const port of Object.keys(outPorts(node))) {
      if (!chooses(node) || from(id).some((edge) => edge.out === port)) continue;
      source.report("EJS2521", `Nothing follows ${id}.${port}, by which the run may go on.`, [...at, "out", port], {
        key: true,
      });
    }
  }
}

/** Whether a node goes on by one of its ports. */
function chooses(node: ProcessNode): boolean {
  if (node.op === "branch" || node.op === "approval") return true;
  const ports = Object.keys(outPorts(node));
  if (node.op === "service.call" || node.op === "task") return ports.length > 1;
  return (node.op === "db.get" && ports.includes("missing")) || (node.op === "wait" && ports.includes("timedOut"));
}
