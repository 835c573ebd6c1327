/**
 * A process becomes a workflow of the IR like any other. Its ports disappear: an expression over a port's name becomes one
 * over the result of the node whose edge leads there; where several edges lead to one port, a `merge` stands before it.
 */
import type { Workflow, WorkflowEdge, WorkflowNode } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { approvalNode, borderValues, branchNode, computeNode, transformNode, waitNode } from "./control-nodes.ts";
import { databaseNode } from "./database-nodes.ts";
import { durationMs } from "./duration.ts";
import { type Made, NodeContext, type PortValue, retryOf } from "./node-context.ts";
import { logNode, publishNode, serviceNode, startWorkflowNode } from "./outside-nodes.ts";
import { KNOWN_NAMES, ProcessContext, type ProcessModel } from "./process-context.ts";
import type { ProcessFile, ProcessNode } from "./process-file.ts";
import { isEntry, type PortEdge, type ProcessGraph, processGraph } from "./process-graph.ts";
import type { ProcessSource } from "./process-source.ts";
import { entryNode, inputSchema, processActor, processTrigger } from "./process-start.ts";
import { misfit } from "./process-types.ts";
import { joinTransactions } from "./transactions.ts";

const TYPES = {
  calculation: "calculation",
  databaseWorkflow: "database",
  backgroundJob: "background",
  queueConsumer: "queue-consumer",
  orchestratedWorkflow: "orchestrated",
} as const;
const EXECUTIONS = { sync: "sync", async: "async", scheduled: "scheduled", eventDriven: "event-driven" } as const;

const COMPUTING = ["start", "output", "fail", "compute", "transform", "branch", "merge"];
/** Operations that the database alone does. */
const isDatabase = ({ op }: ProcessNode): boolean => COMPUTING.includes(op) || op.startsWith("db.");

const milliseconds = (text: string): number => durationMs(text) ?? 1;

/** The workflow of a process; undefined after a report. */
export function compileProcess(source: ProcessSource, file: ProcessFile, model: ProcessModel): Workflow | undefined {
  const context = new ProcessContext(source, file, model);
  checkNames(context);
  checkOperations(context);
  const graph = processGraph(context);
  const trigger = processTrigger(context);
  const { nodes, edges } = new ProcessCompiler(context, graph).compile();
  const joined = joinTransactions(context, nodes, edges);
  // A statement of the project's own may be anything: it is no function of the caller's.
  const isPure = Object.values(file.nodes).every((node) => isDatabase(node) && node.op !== "db.query");
  const as = processActor(context, trigger, isPure);
  const input = inputSchema(context) ?? messageOf(context, graph);
  const schemas = (part: "outputs" | "errors") =>
    Object.fromEntries(
      Object.entries(file[part] ?? {}).map(([name, type]) => [name, context.types.schema(type, [part, name])]),
    ) as never;
  const outputs = schemas("outputs");
  const errors = schemas("errors");
  refuseUnused(context);
  context.effects.warn();
  if (source.failed) return undefined;
  const { timeout } = file.execution;
  const options = { ...file.options, ...(timeout === undefined ? {} : { timeoutMs: milliseconds(timeout) }) };
  return {
    name: file.name,
    version: file.version,
    ...(file.description === undefined ? {} : { description: file.description }),
    type: TYPES[file.type],
    execution: EXECUTIONS[file.execution.model],
    trigger,
    as,
    retry: queueRetry(context, trigger) ?? retryOf(file.retry ?? {}),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(input === undefined ? {} : { input: input as never }),
    ...(file.outputs === undefined ? {} : { outputs }),
    ...(file.errors === undefined ? {} : { errors }),
    nodes: joined,
    edges,
  };
}

/** A consumer that says nothing retries as its queue does. */
function queueRetry({ file, model }: ProcessContext, trigger: Workflow["trigger"]): Workflow["retry"] | undefined {
  if (trigger.kind !== "queue" || file.retry !== undefined) return undefined;
  return model.system.queues?.find(({ name }) => name === trigger.queue)?.retry;
}

/** What a consumer is given is a message. */
function messageOf({ file }: ProcessContext, { ports }: ProcessGraph): JsonSchema | undefined {
  const [id] = Object.entries(file.nodes).find(([, { op }]) => op === "queue.consume") ?? [];
  return id === undefined ? undefined : Object.values(ports.get(id)?.out ?? {})[0];
}

function checkNames({ file, source }: ProcessContext): void {
  for (const [id, node] of Object.entries(file.nodes)) {
    if (KNOWN_NAMES.includes(id) || ["true", "false", "null", "in"].includes(id)) {
      source.report("EJS2525", `"${id}" means something else in every expression.`, ["nodes", id], { key: true });
    }
    for (const port of Object.keys("in" in node ? (node.in ?? {}) : {})) {
      if (!["actor", "flags", "request", "true", "false", "null", "in"].includes(port)) continue;
      source.report(
        "EJS2525",
        `${id}: "${port}" means something else in every expression.`,
        ["nodes", id, "in", port],
        { key: true },
      );
    }
  }
}

function checkOperations({ file, source }: ProcessContext): void {
  const entries = Object.entries(file.nodes).filter(([, node]) => isEntry(node));
  const wanted = file.type === "queueConsumer" ? "queue.consume" : "start";
  if (entries.length !== 1) {
    const what =
      entries.length === 0
        ? "has no beginning"
        : `begins ${entries.length} times: ${entries.map(([id]) => id).join(", ")}`;
    source.report(
      "EJS2524",
      `The process ${what}.`,
      entries.length === 0 ? ["nodes"] : ["nodes", entries[1]?.[0] ?? ""],
      { key: true },
    );
  }
  for (const [id, { op }] of entries) {
    if (op === wanted) continue;
    source.report("EJS2524", `A process of the type ${file.type} begins with ${wanted}, not with ${op}.`, [
      "nodes",
      id,
      "op",
    ]);
  }
  if (file.type !== "calculation" && file.type !== "databaseWorkflow") return;
  for (const [id, node] of Object.entries(file.nodes)) {
    const allowed =
      file.type === "calculation" ? COMPUTING.includes(node.op) : isDatabase(node) || node.op === "queue.publish";
    if (!allowed) source.report("EJS2533", `${id}: ${node.op} is no operation of a ${file.type}.`, ["nodes", id, "op"]);
  }
}

/** Types, outputs and errors that are declared and never occur. */
function refuseUnused({ file, source, types }: ProcessContext): void {
  const nodes = Object.values(file.nodes);
  for (const name of Object.keys(file.outputs ?? {})) {
    if (nodes.some((node) => node.op === "output" && node.output === name)) continue;
    source.report("EJS2526", `No node gives the output "${name}".`, ["outputs", name], { key: true });
  }
  for (const name of Object.keys(file.errors ?? {})) {
    if (nodes.some((node) => node.op === "fail" && node.error === name)) continue;
    source.report("EJS2526", `No node fails with the error "${name}".`, ["errors", name], { key: true });
  }
  for (const name of Object.keys(file.$defs ?? {})) {
    if (types.used.has(name)) continue;
    source.report("EJS2541", `The type "${name}" is never used.`, ["$defs", name], {
      key: true,
      severity: "warning",
      hint: "Remove it.",
    });
  }
}

class ProcessCompiler {
  private readonly context: ProcessContext;
  private readonly graph: ProcessGraph;
  private readonly nodes: WorkflowNode[] = [];
  private readonly edges: WorkflowEdge[] = [];
  private readonly ids: Set<string>;
  /** By node and out port: the expression of its value. */
  private readonly sources = new Map<string, string | null>();
  /** By node: where its edges come from in the run, and whether it goes on by one of them. */
  private readonly exits = new Map<string, { readonly id: string; readonly chooses: boolean }>();

  constructor(context: ProcessContext, graph: ProcessGraph) {
    this.context = context;
    this.graph = graph;
    this.ids = new Set([...Object.keys(context.file.nodes), ...KNOWN_NAMES]);
  }

  compile(): { readonly nodes: WorkflowNode[]; readonly edges: WorkflowEdge[] } {
    for (const id of this.graph.order) {
      const node = this.context.file.nodes[id];
      if (node !== undefined) this.add(id, node);
    }
    return { nodes: this.nodes, edges: this.edges };
  }

  private readonly freeId = (wanted: string): string => {
    let id = wanted;
    for (let i = 2; this.ids.has(id); i++) id = `${wanted}${i}`;
    this.ids.add(id);
    return id;
  };

  private add(id: string, node: ProcessNode): void {
    const { in: ins = {}, out = {} } = this.graph.ports.get(id) ?? {};
    const entry: { from: WorkflowEdge[]; values: Record<string, PortValue> } = { from: [], values: {} };
    if (node.op === "merge") this.addMerge(id, node, ins, out);
    else {
      for (const [port, schema] of Object.entries(ins)) {
        const coming = this.graph.edges.filter((edge) => edge.to === id && edge.in === port);
        entry.values[port] = { schema, source: this.comeIn(id, port, schema, coming, entry.from) };
      }
      const ports = { in: entry.values, out, freeId: this.freeId, taken: this.ids };
      const made = this.made(new NodeContext(this.context, id, node, ports));
      this.place(id, made, entry.from);
      this.goOut(id, made, entry.values, out);
    }
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
    this.nodes.push({ id, ...labelled, kind: "merge", cases, schema: schema as never });
    for (const { value: _, ...from } of cases) this.addEdge({ ...from, to: id });
  }

  /** Two ports of one node may lead to the same place: of nodes that choose none, one edge is enough there. */
  private addEdge(edge: WorkflowEdge): void {
    const same = (other: WorkflowEdge) =>
      other.from === edge.from && other.to === edge.to && other.port === edge.port && other.input === edge.input;
    if (!this.edges.some(same)) this.edges.push(edge);
  }

  private exitOf({ from, out }: PortEdge): { from: string; port?: string } {
    const exit = this.exits.get(from);
    return { from: exit?.id ?? from, ...(exit?.chooses === true ? { port: out } : {}) };
  }

  private addMerge(
    id: string,
    node: ProcessNode & { readonly op: "merge" },
    ins: Readonly<Record<string, JsonSchema>>,
    out: Readonly<Record<string, JsonSchema>>,
  ): void {
    const [port, ...more] = Object.keys(out);
    const { source } = this.context;
    if (port === undefined || more.length > 0) {
      source.report(
        "EJS2514",
        `${id}: a merge goes on by one port.`,
        ["nodes", id, port === undefined ? "op" : "out"],
        { key: true },
      );
    }
    const schema = out[port ?? ""] ?? {};
    for (const [name, given] of Object.entries(ins)) {
      const problem = misfit(given, schema);
      if (problem !== undefined)
        source.report("EJS2513", `${id}: "${name}" does not fit "${port ?? ""}": ${problem}.`, [
          "nodes",
          id,
          "in",
          name,
        ]);
    }
    const label = node.label === undefined ? {} : { label: node.label };
    this.merge(
      id,
      label,
      schema,
      this.graph.edges.filter((edge) => edge.to === id),
    );
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
      const own = made.values[port];
      const same = ins[port];
      const problem = same === undefined || own !== undefined ? undefined : misfit(same.schema, schema);
      if (problem !== undefined) {
        this.context.source.report(
          "EJS2513",
          `${id}: what comes in by "${port}" does not fit what goes out by it: ${problem}.`,
          ["nodes", id, "out", port],
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
        this.context.source.report(
          "EJS2514",
          `${id}: nothing says what goes out by "${port}": ${what}.`,
          ["nodes", id, "out", port],
          {
            hint: `Call it as the in port is called whose value it passes on: ${Object.keys(ins).join(", ") || "there is none"}.`,
          },
        );
      }
      if (!this.sources.has(key)) this.sources.set(key, null);
    }
  }

  private made(context: NodeContext): Made {
    const { node } = context;
    switch (node.op) {
      case "start":
      case "queue.consume":
        return entryNode(context as NodeContext<typeof node>);
      case "output":
        return this.output(context as NodeContext<typeof node>);
      case "fail":
        return this.failure(context as NodeContext<typeof node>);
      case "compute":
        return computeNode(context as NodeContext<typeof node>);
      case "transform":
        return transformNode(context as NodeContext<typeof node>);
      case "branch":
        return branchNode(context as NodeContext<typeof node>);
      case "db.insert":
      case "db.get":
      case "db.list":
      case "db.update":
      case "db.delete":
      case "db.query":
        return databaseNode(context as NodeContext<typeof node>);
      case "service.call":
        return serviceNode(context as NodeContext<typeof node>);
      case "queue.publish":
        return publishNode(context as NodeContext<typeof node>);
      case "wait":
        return waitNode(context as NodeContext<typeof node>, milliseconds);
      case "approval":
        return approvalNode(context as NodeContext<typeof node>, milliseconds);
      case "startWorkflow":
        return startWorkflowNode(context as NodeContext<typeof node>, milliseconds);
      case "log":
        return logNode(context as NodeContext<typeof node>);
      case "merge":
        return { nodes: [], values: {} };
      default:
        return node satisfies never;
    }
  }

  private output(context: NodeContext<ProcessNode & { readonly op: "output" }>): Made {
    const { id, node } = context;
    const schema = this.declared(context, "outputs", node.output, "output");
    const { values, value } = borderValues(this.onlyPort(context, schema), schema);
    const given = value === undefined ? { values } : { value };
    return { nodes: [{ id, ...context.labelled, kind: "end", output: node.output, ...given }], values: {} };
  }

  private failure(context: NodeContext<ProcessNode & { readonly op: "fail" }>): Made {
    const { id, node } = context;
    const schema = this.declared(context, "errors", node.error, "error");
    const given = borderValues(this.onlyPort(context, schema), schema);
    const message = node.message === undefined ? {} : { message: node.message };
    return { nodes: [{ id, ...context.labelled, kind: "fail", error: node.error, ...message, ...given }], values: {} };
  }

  private declared(context: NodeContext, part: "outputs" | "errors", name: string, key: string): JsonSchema {
    const { file, types } = this.context;
    const type = file[part]?.[name];
    if (type !== undefined) return types.schema(type, [part, name]);
    const names = Object.keys(file[part] ?? {}).join(", ") || "none";
    context.report("EJS2527", `the process declares no ${key} "${name}".`, context.at(key), {
      hint: `It declares: ${names}.`,
    });
    return {};
  }

  /** What an end is given: by one port. */
  private onlyPort(context: NodeContext, schema: JsonSchema): string | null {
    const [name, ...more] = Object.keys(context.in);
    const value = name === undefined ? undefined : context.in[name];
    if (name === undefined || value === undefined || more.length > 0) {
      context.report("EJS2514", "what it gives comes in by one port.", context.at(name === undefined ? "op" : "in"), {
        key: name !== undefined,
      });
      return null;
    }
    const problem = misfit(value.schema, schema);
    if (problem !== undefined)
      context.report("EJS2513", `what comes in by "${name}" is ${problem}.`, context.at("in", name));
    return value.source;
  }
}
