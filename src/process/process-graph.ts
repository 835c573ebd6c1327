/** The edges of a process: what they join, in which order nodes run, and which nodes nothing leads to. */
import { nearest } from "../errors/nearest.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import type { ProcessContext } from "./process-context.ts";
import type { ProcessNode } from "./process-file.ts";
import { misfit } from "./process-types.ts";

export interface PortEdge {
  readonly from: string;
  readonly out: string;
  readonly to: string;
  readonly in: string;
}

/** The schemas of a node's ports. */
export interface NodePorts {
  readonly in: Readonly<Record<string, JsonSchema>>;
  readonly out: Readonly<Record<string, JsonSchema>>;
}

export interface ProcessGraph {
  /** Each node after all that lead to it. */
  readonly order: readonly string[];
  readonly edges: readonly PortEdge[];
  readonly ports: ReadonlyMap<string, NodePorts>;
}

/** Nodes that are begun by an event and not by an edge. */
export const isEntry = ({ op }: ProcessNode): boolean => op === "start" || op === "queue.consume";

export function processGraph(context: ProcessContext): ProcessGraph {
  const ports = portsOf(context);
  const edges = edgesOf(context, ports);
  const order = orderOf(context, edges);
  refuseOpenEnds(context, edges, order);
  return { order, edges, ports };
}

function portsOf({ file, types }: ProcessContext): ReadonlyMap<string, NodePorts> {
  const schemas = (id: string, side: "in" | "out", named: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(named).map(([port, type]) => [port, types.schema(type, ["nodes", id, side, port])]),
    );
  return new Map(
    Object.entries(file.nodes).map(([id, node]) => [
      id,
      { in: schemas(id, "in", "in" in node ? node.in : {}), out: schemas(id, "out", "out" in node ? node.out : {}) },
    ]),
  );
}

function edgesOf({ file, source }: ProcessContext, ports: ReadonlyMap<string, NodePorts>): readonly PortEdge[] {
  const edges: PortEdge[] = [];
  const seen = new Set<string>();
  file.edges.forEach((pair, i) => {
    const ends = pair.map((text, side) => {
      const [id = "", port = ""] = text.split(".");
      const of = ports.get(id)?.[side === 0 ? "out" : "in"];
      const path = ["edges", i, side];
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
      source.report("EJS2520", `The edge from ${pair[0]} to ${pair[1]} is there twice.`, ["edges", i, 0]);
      return;
    }
    seen.add(pair.join(" "));
    const problem = misfit(from.schema, to.schema);
    if (problem !== undefined) {
      const hint = `${pair[0]} is ${typeOf(file.nodes[from.id], "out", from.port)}, ${pair[1]} takes ${typeOf(file.nodes[to.id], "in", to.port)}.`;
      source.report("EJS2512", `${pair[0]} does not fit ${pair[1]}: ${problem}.`, ["edges", i, 1], { hint });
    }
    edges.push({ from: from.id, out: from.port, to: to.id, in: to.port });
  });
  return edges;
}

const typeOf = (node: ProcessNode | undefined, side: "in" | "out", port: string): string =>
  (node as { readonly in?: Record<string, string>; readonly out?: Record<string, string> } | undefined)?.[side]?.[
    port
  ] ?? "";

function known(name: string, names: Iterable<string>, lead: string): string {
  const all = [...names];
  const near = nearest(name, all);
  return `${near === undefined ? "" : `Did you mean "${near}"? `}${lead}: ${all.join(", ") || "none"}.`;
}

/** Nodes in the order of their names, each as soon as all that lead to it have had their turn. */
function orderOf({ file, source }: ProcessContext, edges: readonly PortEdge[]): readonly string[] {
  const open = new Set(Object.keys(file.nodes).sort());
  const order: string[] = [];
  while (open.size > 0) {
    const next = [...open].find((id) => !edges.some((edge) => edge.to === id && open.has(edge.from)));
    if (next === undefined) {
      // Each of them is led to by another one: following the edges backwards comes to a circle.
      const circle: string[] = [];
      for (let id: string | undefined = [...open][0]; id !== undefined && !circle.includes(id); ) {
        circle.unshift(id);
        id = edges.find((edge) => edge.to === circle[0] && open.has(edge.from))?.from;
      }
      const [first = ""] = circle;
      source.report(
        "EJS2523",
        `${circle.join(" → ")} → ${first}: the nodes lead back to themselves.`,
        ["nodes", first],
        { key: true },
      );
      return [...order, ...open];
    }
    open.delete(next);
    order.push(next);
  }
  return order;
}

function refuseOpenEnds({ file, source }: ProcessContext, edges: readonly PortEdge[], order: readonly string[]): void {
  const reached = new Set(order.filter((id) => file.nodes[id] !== undefined && isEntry(file.nodes[id])));
  for (const id of order) if (edges.some((edge) => edge.to === id && reached.has(edge.from))) reached.add(id);
  for (const id of order) {
    const node = file.nodes[id];
    if (node === undefined || isEntry(node)) continue;
    if (!reached.has(id))
      source.report("EJS2522", `No path leads from the start to ${id}.`, ["nodes", id], { key: true });
    for (const port of Object.keys("in" in node ? (node.in ?? {}) : {})) {
      if (!reached.has(id) || edges.some((edge) => edge.to === id && edge.in === port)) continue;
      source.report("EJS2521", `No edge leads to ${id}.${port}.`, ["nodes", id, "in", port], { key: true });
    }
    for (const port of Object.keys("out" in node ? (node.out ?? {}) : {})) {
      if (!chooses(node) || edges.some((edge) => edge.from === id && edge.out === port)) continue;
      source.report(
        "EJS2521",
        `Nothing follows ${id}.${port}, by which the run may go on.`,
        ["nodes", id, "out", port],
        { key: true },
      );
    }
  }
}

/** Whether a node goes on by one of its ports. */
function chooses(node: ProcessNode): boolean {
  if (node.op === "branch" || node.op === "approval") return true;
  const ports = Object.keys("out" in node ? (node.out ?? {}) : {});
  if (node.op === "service.call") return ports.length > 1;
  return (node.op === "db.get" && ports.includes("missing")) || (node.op === "wait" && ports.includes("timedOut"));
}
