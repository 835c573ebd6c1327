/** Nodes that touch what is outside of the database's own rows: services, queues, other workflows, the log. */
import type { System, WorkflowNode } from "../model/index.ts";
import { schemaProperties } from "../model/schema-types.ts";
import { suggestion } from "./database-nodes.ts";
import type { Made, NodeContext } from "./node-context.ts";
import type { ProcessNodeOf } from "./process-file.ts";

const NOTHING: Made = { nodes: [], values: {} };

/** `createCharge` → `create-charge`. */
const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();

/** An operation of a service is a task file in the service's folder. */
export function serviceNode(context: NodeContext<ProcessNodeOf<"service.call">>): Made {
  const { id, node, out } = context;
  context.process.effects.require("services", node.service, node.operation, context.at("operation"));
  const name = `${kebab(node.service)}/${kebab(node.operation)}`;
  const { tasks } = context.process.model.system;
  const task = tasks.find((each) => each.name === name || each.name === `${node.service}/${node.operation}`);
  const input = bodyOf(context, task?.input, "task");
  const key =
    node.idempotencyKey === undefined
      ? {}
      : { idempotencyKey: context.expression(context.at("idempotencyKey"), node.idempotencyKey) };
  if (task === undefined) {
    const hint = `Write tasks/${name}.ts. ${suggestion(
      name,
      tasks.map((each) => each.name),
      "Task files",
    )}`;
    context.report(
      "EJS2530",
      `${node.service}.${node.operation} is the task file tasks/${name}.ts, which there is not.`,
      context.at("operation"),
      { hint },
    );
    return NOTHING;
  }
  const names = Object.keys(out);
  const only = names.length === 1 ? names[0] : "ok";
  if (task.output !== undefined && only !== undefined && Object.hasOwn(out, only)) {
    context.gives(only, task.output as never);
  }
  const made = {
    id,
    ...context.labelled,
    kind: "task" as const,
    task: task.name,
    input,
    ...key,
    ...(names.length === 0 ? {} : { ports: out as never }),
    ...context.attempts(node),
  };
  if (names.includes("port")) {
    context.report("EJS2525", '"port" is the name of the way that was taken.', context.at("out", "port"), {
      key: true,
    });
  }
  return {
    nodes: [made],
    values: Object.fromEntries(names.map((port) => [port, `${id}.${port}`])),
    chooses: names.length > 0,
  };
}

/** What a node hands on, checked by the schema of whoever takes it. */
function bodyOf(
  context: NodeContext<ProcessNodeOf<"service.call" | "startWorkflow">>,
  schema: unknown,
  taker: "task" | "workflow",
): Record<string, string> {
  const { body = {} } = context.node;
  const properties = schemaProperties(schema);
  if (properties === undefined) return context.values("body", body);
  const values: Record<string, string> = {};
  for (const [name, text] of Object.entries(body)) {
    const property = properties.find((candidate) => candidate.name === name);
    const path = context.at("body", name);
    if (property !== undefined) values[name] = context.value(path, text, property.schema, `${context.id}.${name}`);
    else {
      const names = properties.map((each) => each.name);
      context.report("EJS2530", `the ${taker} takes no "${name}".`, path, {
        key: true,
        hint: suggestion(name, names, "Properties of its input"),
      });
    }
  }
  const missing = properties.filter(({ name, required }) => required && !Object.hasOwn(body, name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    context.report("EJS2531", `the ${taker} requires ${names}.`, context.at("body"), { key: true });
  }
  return values;
}

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
  return { nodes: [made], values: {} };
}

export function startWorkflowNode(
  context: NodeContext<ProcessNodeOf<"startWorkflow">>,
  duration: (text: string) => number,
): Made {
  const { id, node, out, process } = context;
  process.effects.requireWorkflow(node.workflow, context.at("workflow"));
  const { outputs, system } = process.model;
  const gives = outputs.get(node.workflow);
  const target = system.workflows.find(({ name }) => name === node.workflow);
  const input = bodyOf(context, target?.input, "workflow");
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
    ...(node.timeout === undefined ? {} : { timeoutMs: duration(node.timeout) }),
  };
  const schemas = Object.values(gives);
  const port = wait && schemas.length === 1 ? context.ownPort("output") : undefined;
  if (port === undefined || Object.hasOwn(context.in, port)) return { nodes: [made], values: {} };
  context.gives(port, schemas[0] as never);
  return { nodes: [made], values: Object.hasOwn(out, port) ? { [port]: `${id}.output` } : {} };
}

export function logNode(context: NodeContext<ProcessNodeOf<"log">>): Made {
  const { id, node } = context;
  const { level = "info", message } = node;
  const values = context.values("values", node.values);
  return { nodes: [{ id, ...context.labelled, kind: "log", level, message, values }], values: {} };
}
