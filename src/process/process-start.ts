/** The first node of a process: what a run begins with. */
import { suggestion } from "../errors/suggestion.ts";
import type { Entity, WorkflowNode } from "../model/index.ts";
import { expressionType, type Field, triggerEntity } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { bodyStart } from "./body-nodes.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { typeMisfit } from "./process-context.ts";
import { inputSchema } from "./process-trigger.ts";
import { misfit } from "./process-types.ts";

/** The first node: what starts the run is the value of its port. */
export function entryNode(context: NodeContext<ProcessNodeOf<"start" | "queue.consume">>): Made {
  const { id, node, out, process, scope } = context;
  if (scope.body !== undefined) {
    if (node.op === "start") return bodyStart(context as NodeContext<typeof node>);
    context.report("EJS2529", "a body begins with start: messages begin a process.", context.at("op"));
    return { nodes: [], values: {} };
  }
  const start: WorkflowNode = { id, ...context.labelled, kind: "start" };
  if (node.op === "queue.consume") process.effects.require("queues", node.queue, "consume", context.at("queue"));
  const { trigger } = process.file;
  const name = trigger === undefined ? undefined : triggerEntity(trigger);
  if (name !== undefined) {
    const entity = process.model.system.entities.find((each) => each.name === name);
    return entity === undefined ? { nodes: [start], values: {} } : eventParts(context, entity, start);
  }
  const [port, ...more] = Object.keys(out);
  if (more.length > 0) {
    context.report("EJS2514", "what starts a run comes by one port.", context.at("out"), { key: true });
  }
  if (port === undefined) return { nodes: [start], values: {} };
  const schema = out[port] ?? {};
  const given = node.op === "queue.consume" ? queueMessage(context, node.queue) : inputSchema(process);
  if (given === undefined && node.op === "start") {
    const problem = misfit({ type: "object" }, schema);
    if (problem !== undefined)
      context.report("EJS2514", `the process has no input that "${port}" could be.`, context.at("out", port), {
        hint: 'Write "input" at the top of the file.',
      });
    return { nodes: [start], values: {} };
  }
  if (given !== undefined) context.gives(port, given);
  return { nodes: [start], values: { [port]: "input" } };
}

const queueMessage = ({ process }: NodeContext, name: string): JsonSchema | undefined =>
  process.model.system.queues?.find((queue) => queue.name === name)?.message as JsonSchema | undefined;

/**
 * What a change of a row begins with: `before`, `after`, `input` of an action; by any other name the row as it is then, of one
 * that was deleted as it was.
 */
function eventParts(context: NodeContext, entity: Entity, start: WorkflowNode): Made {
  const { trigger } = context.process.file;
  const gone = trigger?.kind === "model" && trigger.event === "delete";
  const action = trigger?.kind === "model" ? entity.actions.find(({ name }) => name === trigger.action) : undefined;
  const stored = entity.fields.filter(({ storage }) => storage.kind === "column" || storage.kind === "generated");
  const nodes: WorkflowNode[] = [start];
  const values: Record<string, string> = {};
  for (const [port, schema] of Object.entries(context.out)) {
    const part = port === "input" && action !== undefined ? action : undefined;
    const side = port === "before" || (port !== "after" && gone) ? "before" : "after";
    const of: EventPart =
      part === undefined
        ? { what: entity.name, fields: stored, from: `event.${side}`, ids: true }
        : { what: `the input of ${entity.name}.${part.name}`, fields: part.input, from: "event.input", ids: false };
    const id = context.freeId(`${context.id}${port === "before" || part !== undefined ? capital(port) : "Record"}`);
    nodes.push(eventPart(context, port, schema, of, id));
    values[port] = id;
  }
  return { nodes, values };
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

interface EventPart {
  /** For people. */
  readonly what: string;
  readonly fields: readonly Field[];
  /** Its name in expressions. */
  readonly from: string;
  /** References are records with an id. */
  readonly ids: boolean;
}

/** A part of an event, as the type of the port sees it. */
function eventPart(
  context: NodeContext,
  port: string,
  schema: JsonSchema,
  { what, fields, from, ids }: EventPart,
  id: string,
): WorkflowNode {
  const values: Record<string, string> = {};
  const types: Record<string, JsonSchema> = {};
  for (const { name, schema: part, required } of schemaProperties(schema) ?? []) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      if (!required) continue;
      const names = fields.map((each) => each.name);
      context.report("EJS2530", `${what} stores no field "${name}".`, context.at("out", port), {
        hint: suggestion(name, names, `${what} has`),
      });
      continue;
    }
    const one = field.type.kind === "one";
    const problem = typeMisfit(one ? { kind: "uuid" } : expressionType(field.type), part);
    if (problem !== undefined) context.report("EJS2513", `${what}.${name} is ${problem}.`, context.at("out", port));
    values[name] = `${from}.${name}${one && ids ? ".id" : ""}`;
    types[name] = part;
  }
  return { id, kind: "transform", values, types } as never;
}
