/** What starts a process, as whom it runs, and what its first node is given. */
import type { Environment, Variable } from "../expression/index.ts";
import { check } from "../expression/index.ts";
import { type Entity, expressionType, triggerEntity, type Workflow, type WorkflowNode } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { literal } from "../sql-ast/expressions.ts";
import { suggestion } from "./database-nodes.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { type ProcessContext, rowVariable, schemaVariable, typeMisfit } from "./process-context.ts";
import type { ProcessNodeOf } from "./process-file.ts";
import type { Path } from "./process-source.ts";
import { misfit } from "./process-types.ts";

const SCHEDULED = ["interval", "cron", "datetime"];
/** What a tick of a clock gives. */
const TICK: JsonSchema = {
  type: "object",
  properties: { scheduledFor: { type: "string", format: "date-time" } },
  required: ["scheduledFor"],
};

/** What starts the runs; by hand and by call where the file does not say it. */
export function processTrigger(context: ProcessContext): Workflow["trigger"] {
  const { file, source, model } = context;
  const { trigger, allow } = file;
  const [entry] = Object.values(file.nodes).filter(({ op }) => op === "queue.consume");
  if (entry?.op === "queue.consume") {
    if (trigger !== undefined)
      source.report("EJS2505", "A queue consumer is started by its queue.", ["trigger"], {
        key: true,
        hint: "Remove the trigger.",
      });
    return { kind: "queue", queue: entry.queue };
  }
  const found = trigger ?? { kind: "manual" as const };
  const { model: execution } = file.execution;
  const wanted = SCHEDULED.includes(found.kind)
    ? "scheduled"
    : found.kind === "manual"
      ? "sync or async"
      : "eventDriven";
  if (!wanted.includes(execution)) {
    const what = trigger === undefined ? "has no trigger" : `is started by ${found.kind}`;
    source.report("EJS2505", `The process ${what}, so its execution is ${wanted}, not ${execution}.`, [
      "execution",
      "model",
    ]);
  }
  if (allow !== undefined && found.kind !== "manual") {
    source.report("EJS2505", "Who may start it is asked where it is started by hand only.", ["allow"], { key: true });
  }
  const name = triggerEntity(found);
  const entity = name === undefined ? undefined : model.system.entities.find((each) => each.name === name);
  if (name !== undefined && entity === undefined) {
    const names = model.system.entities.map((each) => each.name);
    source.report("EJS2530", `There is no entity "${name}".`, ["trigger", "entity"], {
      hint: suggestion(name, names, "Entities"),
    });
    return found;
  }
  if (found.kind === "model" && entity !== undefined) checkModelTrigger(context, found, entity);
  if (found.kind === "datetime" && entity !== undefined) checkDatetimeTrigger(context, found, entity);
  if (found.kind !== "manual") return found;
  const roles = model.system.roles.map((role) => role.name);
  found.roles?.forEach((role, i) => {
    if (!roles.includes(role))
      source.report("EJS2530", `There is no role "${role}".`, ["trigger", "roles", i], {
        hint: suggestion(role, roles, "Roles"),
      });
  });
  if (allow === undefined) return found;
  context.expression(["allow"], allow, { input: schemaVariable(inputSchema(context)) }, { kind: "bool" });
  return { ...found, allow };
}

/** What a run is given, where no record is concerned. */
export function inputSchema({ file, types }: ProcessContext): JsonSchema | undefined {
  if (file.trigger !== undefined && SCHEDULED.slice(0, 2).includes(file.trigger.kind)) return TICK;
  return file.input === undefined ? undefined : types.schema(file.input, ["input"]);
}

type ModelTrigger = Extract<Workflow["trigger"], { kind: "model" }>;

function checkModelTrigger({ source, model, file }: ProcessContext, trigger: ModelTrigger, entity: Entity): void {
  const actions = entity.actions.map(({ name }) => name);
  if (!entity.events) source.report("EJS2530", `${entity.name} writes no events.`, ["trigger", "entity"]);
  if (trigger.event === "action" && !actions.includes(trigger.action ?? "")) {
    const hint = suggestion(trigger.action ?? "", actions, `Actions of ${entity.name}`);
    source.report("EJS2530", `${entity.name} has no action "${trigger.action ?? ""}".`, ["trigger", "action"], {
      hint,
    });
  }
  const stored = storedRecord(entity);
  const variables = { before: stored, after: stored };
  checkBy(source, { catalog: model.catalog, variables }, trigger.condition, ["trigger", "condition"], file.name);
}

type DatetimeTrigger = Extract<Workflow["trigger"], { kind: "datetime" }>;

function checkDatetimeTrigger({ source, model, file }: ProcessContext, trigger: DatetimeTrigger, entity: Entity): void {
  const moments = entity.fields
    .filter(
      ({ type, storage }) =>
        type.kind === "scalar" && ["timestamp", "date"].includes(type.scalar) && storage.kind === "column",
    )
    .map(({ name }) => name);
  if (!moments.includes(trigger.field)) {
    const hint = suggestion(trigger.field, moments, `Times of ${entity.name}`);
    source.report("EJS2530", `${entity.name} stores no time "${trigger.field}".`, ["trigger", "field"], { hint });
  }
  const variables = { row: rowVariable(entity.name) };
  checkBy(source, { catalog: model.catalog, variables }, trigger.condition, ["trigger", "condition"], file.name);
}

function checkBy(
  source: ProcessContext["source"],
  environment: Environment,
  text: string | undefined,
  path: Path,
  name: string,
): void {
  const result = text === undefined ? undefined : check(text, environment, { kind: "bool" });
  if (result === undefined || result.ok) return;
  for (const { code, message, hint, range } of result.errors) {
    source.reportAs(code, `${name}, ${path.join(".")}: ${message}`, path, { hint, range });
  }
}

/** The stored columns of a row by the names of its fields; a reference is the other row's id. */
function storedRecord(entity: Entity): Variable {
  const value = (type: ReturnType<typeof expressionType>): Variable => ({
    kind: "value",
    type,
    nullable: true,
    sql: literal(null),
  });
  const fields = entity.fields
    .filter(({ storage }) => storage.kind === "column" || storage.kind === "generated")
    .map(({ name, type }): [string, Variable] => [
      name,
      type.kind === "one" ? { kind: "record", fields: { id: value({ kind: "uuid" }) } } : value(expressionType(type)),
    ]);
  return { kind: "record", fields: Object.fromEntries(fields) };
}

/**
 * As whom it runs. Where the file does not say it: as whoever calls or causes it; what only the platform starts, as the
 * platform.
 */
export function processActor(context: ProcessContext, trigger: Workflow["trigger"], isPure: boolean): Workflow["as"] {
  const { file, source } = context;
  const nobody = trigger.kind === "webhook" || SCHEDULED.includes(trigger.kind);
  if (file.as === "inherit" && nobody) {
    source.report("EJS2506", `${trigger.kind} is nobody whose rights it could have.`, ["as"]);
  }
  if (file.as === undefined && nobody) {
    source.report(
      "EJS2506",
      `${trigger.kind} is nobody whose rights it could have, and the process does not say as whom it runs.`,
      ["trigger"],
      { key: true },
    );
  }
  if (typeof file.as === "object") {
    const names = triggerEntity(trigger) === undefined ? { input: schemaVariable(inputSchema(context)) } : undefined;
    if (names !== undefined) context.expression(["as", "impersonate"], file.as.impersonate, names, { kind: "uuid" });
  }
  if (file.as !== undefined) return file.as;
  const called = trigger.kind !== "manual" || trigger.roles !== undefined || trigger.allow !== undefined;
  return called || (file.execution.model === "sync" && isPure) ? "inherit" : "system";
}

/** The first node: what starts the run is the value of its port. */
export function entryNode(context: NodeContext<ProcessNodeOf<"start" | "queue.consume">>): Made {
  const { id, node, out, process } = context;
  const start: WorkflowNode = { id, ...context.labelled, kind: "start" };
  const names = Object.keys(out);
  const [port] = names;
  if (node.op === "queue.consume") process.effects.require("queues", node.queue, "consume", context.at("queue"));
  if (names.length > 1) {
    context.report("EJS2514", "what starts a run comes by one port.", context.at("out"), { key: true });
  }
  if (port === undefined) return { nodes: [start], values: {} };
  const schema = out[port] ?? {};
  const { trigger } = process.file;
  const name = trigger === undefined ? undefined : triggerEntity(trigger);
  if (name === undefined) {
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
  const entity = process.model.system.entities.find((each) => each.name === name);
  const gone = trigger?.kind === "model" && trigger.event === "delete";
  return { ...recordOf(context, entity, port, schema, gone ? "event.before" : "event.after", start) };
}

const queueMessage = ({ process }: NodeContext, name: string): JsonSchema | undefined =>
  process.model.system.queues?.find((queue) => queue.name === name)?.message as JsonSchema | undefined;

/** The row of an event, as the type of the port sees it. */
function recordOf(
  context: NodeContext,
  entity: Entity | undefined,
  port: string,
  schema: JsonSchema,
  from: string,
  start: WorkflowNode,
): Made {
  const values: Record<string, string> = {};
  const types: Record<string, JsonSchema> = {};
  const stored = (entity?.fields ?? []).filter(
    ({ storage }) => storage.kind === "column" || storage.kind === "generated",
  );
  for (const { name, schema: part, required } of schemaProperties(schema) ?? []) {
    const field = stored.find((candidate) => candidate.name === name);
    if (field === undefined) {
      if (!required || entity === undefined) continue;
      const hint = suggestion(
        name,
        stored.map((each) => each.name),
        `${entity.name} has`,
      );
      context.report("EJS2530", `${entity.name} stores no field "${name}".`, context.at("out", port), { hint });
      continue;
    }
    const one = field.type.kind === "one";
    const problem = typeMisfit(one ? { kind: "uuid" } : expressionType(field.type), part);
    if (problem !== undefined)
      context.report("EJS2513", `${entity?.name}.${name} is ${problem}.`, context.at("out", port));
    values[name] = `${from}.${name}${one ? ".id" : ""}`;
    types[name] = part;
  }
  const id = context.freeId(`${context.id}Record`);
  return { nodes: [start, { id, kind: "transform", values, types } as never], values: { [port]: id } };
}
