/** Nodes that hand something on: to queues, waits, other workflows, the log. */
import { suggestion } from "../errors/suggestion.ts";
import type { System, WorkflowNode } from "../model/index.ts";
import { schemaProperties } from "../model/schema-types.ts";
import { milliseconds } from "./duration.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { bodyOf } from "./task-nodes.ts";

const NOTHING: Made = { nodes: [], values: {} };

/** Undeclared queues are inferred, each once. */
export function queueOf(system: System, name: string, process: string): NonNullable<System["queues"]>[number] {
  const queues = system.queues ?? [];
  const known = queues.find((queue) => queue.name === name);
  if (known !== undefined) return known;
  const inferred = { name, inferred: `the process ${process} uses it` };
  system.queues = [...queues, inferred].sort((a, b) => (a.name < b.name ? -1 : 1));
  return inferred;
}

export function publishNode(context: NodeContext<ProcessNodeOf<"queue.publish">>): Made {
  const { id, node, process } = context;
  process.effects.require("queues", node.queue, "publish", context.at("queue"));
  if (node.tx !== undefined) process.effects.require("databases", "main", "transaction", context.at("tx"));
  const queue = queueOf(process.model.system, node.queue, process.file.name);
  const properties = schemaProperties(queue.message);
  const message: Record<string, string> = {};
  for (const [name, text] of Object.entries(node.message)) {
    const path = context.at("message", name);
    const property = properties?.find((candidate) => candidate.name === name);
    if (properties !== undefined && property === undefined) {
      const names = properties.map((each) => each.name);
      context.report("EJS2530", `messages of ${queue.name} have no "${name}".`, path, {
        key: true,
        hint: suggestion(name, names, "They have"),
      });
    } else message[name] = context.value(path, text, property?.schema ?? {}, `${id}.${name}`);
  }
  const missing = (properties ?? []).filter(({ name, required }) => required && !Object.hasOwn(node.message, name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    context.report("EJS2531", `messages of ${queue.name} require ${names}.`, context.at("message"), { key: true });
  }
  const made = {
    id,
    ...context.labelled,
    kind: "queue.publish" as const,
    queue: node.queue,
    message,
    ...context.attempts(node),
    ...(node.tx === undefined ? {} : { tx: node.tx }),
  };
  return { nodes: [made], values: ownId(context, "id") };
}

/** Gives a signal to whoever waits for it; nothing comes out of it. */
export function signalNode(context: NodeContext<ProcessNodeOf<"signal">>): Made {
  const { id, node, process } = context;
  process.effects.requireNamed("signals", node.signal, context.at("signal"));
  if (node.tx !== undefined) process.effects.require("databases", "main", "transaction", context.at("tx"));
  const made = {
    id,
    ...context.labelled,
    kind: "signal" as const,
    signal: node.signal,
    key: context.expression(context.at("key"), node.key),
    ...(node.payload === undefined ? {} : { payload: context.values("payload", node.payload) }),
    ...context.attempts(node),
    ...(node.tx === undefined ? {} : { tx: node.tx }),
  };
  return { nodes: [made], values: {} };
}

export function startWorkflowNode(context: NodeContext<ProcessNodeOf<"startWorkflow">>): Made {
  const { id, node, out, process } = context;
  process.effects.requireNamed("workflows", node.workflow, context.at("workflow"));
  const { outputs, inputs } = process.model;
  const gives = outputs.get(node.workflow);
  const input = bodyOf(context, inputs.get(node.workflow), "workflow");
  if (gives === undefined) {
    const hint = suggestion(node.workflow, [...outputs.keys()], "Workflows");
    context.report("EJS2530", `there is no workflow "${node.workflow}".`, context.at("workflow"), { hint });
    return NOTHING;
  }
  const wait = node.wait ?? true;
  const made: WorkflowNode = {
    id,
    ...context.labelled,
    kind: "startWorkflow",
    workflow: node.workflow,
    input,
    wait,
    ...(node.timeout === undefined ? {} : { timeoutMs: milliseconds(node.timeout) }),
  };
  const run = ownId(context, "runId");
  const schemas = Object.values(gives);
  const port = wait && schemas.length > 0 ? context.ownPort("output", ["runId"]) : undefined;
  if (port === undefined || Object.hasOwn(context.in, port)) return { nodes: [made], values: run };
  for (const schema of schemas) context.gives(port, schema as never);
  if (schemas.length === 1) return { nodes: [made], values: { ...run, [port]: `${id}.output` } };
  // Which of its outputs the other one gives only the run knows: the port's type is what all of them have.
  const given = context.freeId(`${id}Output`);
  const types = { [port]: out[port] as never };
  const typed: WorkflowNode = { id: given, kind: "transform", values: { [port]: `${id}.output` }, types };
  return { nodes: [made, typed], values: { ...run, [port]: `${given}.${port}` } };
}

/** The id that an operation gives, by a port of that name. */
function ownId(context: NodeContext, port: "id" | "runId"): Record<string, string> {
  if (!Object.hasOwn(context.out, port) || Object.hasOwn(context.in, port)) return {};
  context.gives(port, { type: "string", format: "uuid" });
  return { [port]: `${context.id}.${port}` };
}

export function logNode(context: NodeContext<ProcessNodeOf<"log">>): Made {
  const { id, node } = context;
  const { level = "info", message } = node;
  const values = context.values("values", node.values);
  return { nodes: [{ id, ...context.labelled, kind: "log", level, message, values }], values: {} };
}
