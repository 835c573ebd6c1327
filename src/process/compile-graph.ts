/**
 * The graph of a process, or of a body in it, as nodes and edges of the IR. Ports disappear: an expression over a port's name
 * becomes one over the result of the node whose edge leads there; where several edges lead to one port, a `merge` stands before it.
 */
import type { WorkflowEdge, WorkflowNode } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { compileNode } from "./compile-node.ts";
import type { ProcessNode } from "./file-graph.ts";
import type { GraphScope } from "./graph-scope.ts";
import type { Made, PortValue } from "./node-context.ts";
import { NodeContext } from "./node-context.ts";
import type { ProcessContext } from "./process-context.ts";
import { type PortEdge, type ProcessGraph, processGraph } from "./process-graph.ts";
import { misfit } from "./process-types.ts";
import { joinTransactions } from "./transactions.ts";

export interface CompiledGraph {
  readonly nodes: WorkflowNode[];
  readonly edges: WorkflowEdge[];
  /** Of a loop's body: what an item gives. */
  readonly collected?: PortValue;
}

/** @param ids all that is called something already; grows by the nodes that are added */
export function compileGraph(context: ProcessContext, scope: GraphScope, ids: Set<string>): CompiledGraph {
  return new GraphCompiler(context, scope, ids).compile();
}

/** The result of an item: the value of an output, and the edge by which the run comes to it. */
interface Collected extends PortValue {
  readonly edge: Omit<WorkflowEdge, "to">;
}

class GraphCompiler {
  private readonly context: ProcessContext;
  private readonly scope: GraphScope;
  private readonly graph: ProcessGraph;
  private readonly nodes: WorkflowNode[] = [];
  private readonly edges = new Map<string, WorkflowEdge>();
  private readonly ids: Set<string>;
  private readonly collected: Collected[] = [];
  /** By node and out port: the expression of its value. */
  private readonly sources = new Map<string, string | null>();
  /** By node: where its edges come from in the run, and whether it goes on by one of them. */
  private readonly exits = new Map<string, { readonly id: string; readonly chooses: boolean }>();

  constructor(context: ProcessContext, scope: GraphScope, ids: Set<string>) {
    this.context = context;
    this.scope = scope;
    this.graph = processGraph(context, scope);
    this.ids = ids;
  }

  compile(): CompiledGraph {
    for (const id of this.graph.order) {
      const node = this.scope.nodes[id];
      if (node !== undefined) this.add(id, node);
    }
    const collected = this.collect();
    const edges = [...this.edges.values()];
    if (this.graph.isCircular) return { nodes: this.nodes, edges };
    const nodes = joinTransactions(this.context, this.scope, this.nodes, edges);
    return { nodes, edges, ...(collected === undefined ? {} : { collected }) };
  }

  private readonly freeId = (wanted: string): string => {
    let id = wanted;
    for (let i = 2; this.ids.has(id); i++) id = `${wanted}${i}`;
    this.ids.add(id);
    return id;
  };

  private add(id: string, node: ProcessNode): void {
    const { in: ins = {}, out = {} } = this.graph.ports.get(id) ?? {};
    const coming: WorkflowEdge[] = [];
    const values: Record<string, PortValue> = {};
    if (node.op === "merge") {
      this.addMerge(id, node, ins, out);
      return;
    }
    for (const [port, schema] of Object.entries(ins)) {
      const edges = this.graph.to(id).filter((edge) => edge.in === port);
      values[port] = { schema, source: this.comeIn(id, port, schema, edges, coming) };
    }
    const context = new NodeContext(this.context, id, node, {
      scope: this.scope,
      in: values,
      out,
      freeId: this.freeId,
      taken: this.ids,
    });
    const made = compileNode(context, {
      body: (scope) => compileGraph(this.context, scope, this.ids),
      collect: (value) => this.collectFrom(value, coming),
      wayOf: (of) => this.wayOf(of, id),
    });
    if (made.isAside === true) this.nodes.push(...made.nodes);
    else this.place(id, made, coming);
    this.goOut(id, made, values, out);
  }

  /** The edges to a port, and the expression of what comes by them: of one edge its source, of several that of the one that was taken. */
  private comeIn(
    id: string,
    port: string,
    schema: JsonSchema,
    coming: readonly PortEdge[],
    into: WorkflowEdge[],
  ): string | null {
    const [only, ...more] = coming;
    if (only === undefined) return null;
    if (more.length === 0) {
      into.push({ ...this.exitOf(only), to: id, input: port });
      return this.sources.get(`${only.from}.${only.out}`) ?? null;
    }
    const merge = this.freeId(`${id}${port.charAt(0).toUpperCase()}${port.slice(1)}`);
    this.merge(merge, {}, schema, coming);
    into.push({ from: merge, to: id, input: port });
    return merge;
  }

  private merge(
    id: string,
    labelled: { readonly label?: string },
    schema: JsonSchema,
    coming: readonly PortEdge[],
  ): void {
    const cases = coming.map((edge) => ({
      ...this.exitOf(edge),
      value: this.sources.get(`${edge.from}.${edge.out}`) ?? "null",
    }));
    this.mergeCases(id, labelled, schema, cases);
  }

  private mergeCases(
    id: string,
    labelled: { readonly label?: string },
    schema: JsonSchema,
    cases: readonly (Omit<WorkflowEdge, "to"> & { readonly value: string })[],
  ): void {
    this.nodes.push({ id, ...labelled, kind: "merge", cases: [...cases], schema: schema as never });
    for (const { value: _, ...from } of cases) this.addEdge({ ...from, to: id });
  }

  /** Two ports of one node may lead to the same place: of nodes that choose none, one edge is enough there. */
  private addEdge(edge: WorkflowEdge): void {
    const { from, port = "", to, input = "" } = edge;
    const key = [from, port, to, input].join(" ");
    if (!this.edges.has(key)) this.edges.set(key, edge);
  }

  private exitOf({ from, out }: Pick<PortEdge, "from" | "out">): { from: string; port?: string } {
    const { id = from, chooses = false } = this.exits.get(from) ?? {};
    return { from: id, ...(chooses ? { port: out } : {}) };
  }

  private addMerge(
    id: string,
    node: ProcessNode & { readonly op: "merge" },
    ins: Readonly<Record<string, JsonSchema>>,
    out: Readonly<Record<string, JsonSchema>>,
  ): void {
    const [port, ...more] = Object.keys(out);
    const { source } = this.context;
    const path = [...this.scope.path, "nodes", id];
    if (port === undefined || more.length > 0) {
      source.report("EJS2514", `${id}: a merge goes on by one port.`, [...path, port === undefined ? "op" : "out"], {
        key: true,
      });
    }
    const schema = out[port ?? ""] ?? {};
    for (const [name, given] of Object.entries(ins)) {
      const problem = misfit(given, schema);
      if (problem !== undefined)
        source.report("EJS2513", `${id}: "${name}" does not fit "${port ?? ""}": ${problem}.`, [...path, "in", name]);
    }
    this.merge(id, node.label === undefined ? {} : { label: node.label }, schema, this.graph.to(id));
    this.exits.set(id, { id, chooses: false });
    for (const name of Object.keys(out)) this.sources.set(`${id}.${name}`, id);
  }

  private place(id: string, { nodes, chooses = false }: Made, coming: readonly WorkflowEdge[]): void {
    this.nodes.push(...nodes);
    const [first] = nodes;
    for (const edge of coming) this.addEdge({ ...edge, to: first?.id ?? id });
    nodes.forEach((node, i) => {
      const next = nodes[i + 1];
      if (next !== undefined) this.addEdge({ from: node.id, to: next.id });
    });
    this.exits.set(id, { id: nodes.at(-1)?.id ?? id, chooses });
  }

  /** The value of each out port: the operation's own, else what came in by a port of that name, else by the only one that fits. */
  private goOut(
    id: string,
    made: Made,
    ins: Readonly<Record<string, PortValue>>,
    out: Readonly<Record<string, JsonSchema>>,
  ): void {
    for (const [port, schema] of Object.entries(out)) {
      const key = `${id}.${port}`;
      const at = [...this.scope.path, "nodes", id, "out", port];
      const own = made.values[port];
      const same = ins[port];
      const problem = same === undefined || own !== undefined ? undefined : misfit(same.schema, schema);
      if (problem !== undefined) {
        this.context.source.report(
          "EJS2513",
          `${id}: what comes in by "${port}" does not fit what goes out by it: ${problem}.`,
          at,
        );
      }
      const fitting = Object.values(ins).filter((value) => misfit(value.schema, schema) === undefined);
      const [fits, ...more] = fitting;
      // A type without properties says that nothing is handed on.
      const isVoid = schema.type === "object" && (schemaProperties(schema) ?? []).length === 0;
      if (own !== undefined) this.sources.set(key, own);
      else if (same !== undefined) this.sources.set(key, same.source);
      else if (isVoid) this.sources.set(key, null);
      else if (fits !== undefined && more.length === 0) this.sources.set(key, fits.source);
      else if (made.nodes.length > 0) {
        const what = fitting.length === 0 ? "no in port has its type" : "several in ports have its type";
        this.context.source.report("EJS2514", `${id}: nothing says what goes out by "${port}": ${what}.`, at, {
          hint: `Call it as the in port is called whose value it passes on: ${Object.keys(ins).join(", ") || "there is none"}. Or give it a type that one in port alone has.`,
        });
      }
      if (!this.sources.has(key)) this.sources.set(key, null);
    }
  }

  private collectFrom(value: PortValue, [coming]: readonly WorkflowEdge[]): void {
    if (coming === undefined) return;
    const { from, port } = coming;
    this.collected.push({ ...value, edge: { from, ...(port === undefined ? {} : { port }) } });
  }

  /** What an item gives: of several outputs the value of the one that it came to. */
  private collect(): PortValue | undefined {
    const [first, ...more] = this.collected;
    if (first === undefined || more.length === 0) return first;
    const cases = this.collected.map(({ edge, source }) => ({ ...edge, value: source ?? "null" }));
    const id = this.freeId(`${this.scope.body?.of ?? ""}Result`);
    this.mergeCases(id, {}, first.schema, cases);
    return { schema: first.schema, source: id };
  }

  /** The condition that a node has gone on by the port whose edge leads to another one; undefined where it chooses none. */
  private wayOf(of: string, to: string): string | undefined {
    const ports = this.graph.to(to).flatMap(({ from, out }) => (from === of ? [out] : []));
    const exit = this.exits.get(of);
    if (exit?.chooses !== true || ports.length === 0) return undefined;
    return [...new Set(ports)].map((port) => `${exit.id}.port == ${JSON.stringify(port)}`).join(" || ");
  }
}
