/** Nodes that a task file does: operations of services, and tasks by their names. */
import { suggestion } from "../errors/suggestion.ts";
import type { Task } from "../model/index.ts";
import { schemaProperties } from "../model/schema-types.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";

const NOTHING: Made = { nodes: [], values: {} };

/** `createCharge` → `create-charge`. */
const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();

/** An operation of a service is a task file in the service's folder, or a step of the plugin of that name. */
export function serviceNode(context: NodeContext<ProcessNodeOf<"service.call">>): Made {
  const { node, process } = context;
  process.effects.require("services", node.service, node.operation, context.at("operation"));
  const name = `${kebab(node.service)}/${kebab(node.operation)}`;
  const { tasks } = process.model.system;
  const task = tasks.find((each) => each.name === name || each.name === `${node.service}/${node.operation}`);
  const what = `${node.service}.${node.operation} is the task file tasks/${name}.ts`;
  return calledTask(context, task, { name, what, at: "operation" });
}

/** A task file by its name. */
export function taskNode(context: NodeContext<ProcessNodeOf<"task">>): Made {
  const { node, process } = context;
  process.effects.requireNamed("tasks", node.task, context.at("task"));
  const task = process.model.system.tasks.find(({ name }) => name === node.task);
  return calledTask(context, task, { name: node.task, what: `it does tasks/${node.task}.ts`, at: "task" });
}

type TaskContext = NodeContext<ProcessNodeOf<"service.call" | "task">>;

function calledTask(
  context: TaskContext,
  task: Task | undefined,
  wanted: { readonly name: string; readonly what: string; readonly at: string },
): Made {
  const { id, node, out } = context;
  const input = bodyOf(context, task?.input, "task");
  const key =
    node.idempotencyKey === undefined
      ? {}
      : { idempotencyKey: context.expression(context.at("idempotencyKey"), node.idempotencyKey) };
  if (task === undefined) {
    const { tasks, plugins = [] } = context.process.model.system;
    const known = suggestion(
      wanted.name,
      // Those of handlers are nobody's to call.
      tasks.map((each) => each.name).filter((name) => !name.startsWith("handlers/")),
      "Tasks",
    );
    const [folder, step = ""] = wanted.name.split("/");
    const plugin = plugins.find(({ name }) => name === folder);
    const message =
      plugin === undefined ? `${wanted.what}, which there is not.` : `the plugin ${folder} has no step "${step}".`;
    const hint = plugin === undefined ? `Write tasks/${wanted.name}.ts. ${known}` : known;
    context.report("EJS2530", message, context.at(wanted.at), { hint });
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
export function bodyOf(
  context: NodeContext<ProcessNodeOf<"service.call" | "task" | "startWorkflow">>,
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
