/** What starts a process, as whom it runs, and by what its runs are told apart. */
import { nearest } from "../errors/nearest.ts";
import { suggestion } from "../errors/suggestion.ts";
import type { Environment, Variable } from "../expression/index.ts";
import { check } from "../expression/index.ts";
import { isTimeZone, timeZoneNames } from "../model/cron.ts";
import { type Entity, expressionType, triggerEntity, type Workflow } from "../model/index.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import { literal } from "../sql-ast/expressions.ts";
import { queueOf } from "./outside-nodes.ts";
import { type ProcessContext, rowVariable, schemaVariable } from "./process-context.ts";
import type { Path } from "./process-source.ts";

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
  const { trigger } = file;
  const said = trigger?.kind === "manual" ? trigger.allow : undefined;
  const allow = file.allow ?? said;
  if (file.allow !== undefined && said !== undefined) {
    source.report("EJS2505", "Who may start it is said twice.", ["trigger", "allow"], {
      key: true,
      hint: 'One "allow" at the top of the file says it.',
    });
  }
  const [entry] = Object.values(file.nodes).filter(({ op }) => op === "queue.consume");
  if (entry?.op === "queue.consume") {
    if (trigger !== undefined)
      source.report("EJS2505", "A queue consumer is started by its queue.", ["trigger"], {
        key: true,
        hint: "Remove the trigger.",
      });
    queueOf(model.system, entry.queue, file.name);
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
  if (found.kind === "queue") {
    source.report("EJS2505", "The messages of a queue begin a queueConsumer, by queue.consume.", ["trigger", "kind"]);
  }
  if (found.kind === "cron") checkZone(context, found.zone);
  if (found.kind === "webhook") checkWebhook(context, found);
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
  context.expression(
    file.allow === undefined ? ["trigger", "allow"] : ["allow"],
    allow,
    { input: schemaVariable(inputSchema(context)) },
    { kind: "bool" },
  );
  return { ...found, allow };
}

/** What a run is given, where no record is concerned. */
export function inputSchema({ file, types }: ProcessContext): JsonSchema | undefined {
  if (file.trigger !== undefined && SCHEDULED.slice(0, 2).includes(file.trigger.kind)) return TICK;
  return file.input === undefined ? undefined : types.schema(file.input, ["input"]);
}

function checkZone({ source }: ProcessContext, zone: string): void {
  if (isTimeZone(zone)) return;
  const near = nearest(zone, timeZoneNames());
  source.report("EJS2505", `"${zone}" is no time zone of the IANA's.`, ["trigger", "zone"], {
    hint: near === undefined ? 'A zone is written "Europe/Berlin".' : `Did you mean "${near}"?`,
  });
}

function checkWebhook({ source }: ProcessContext, trigger: Extract<Workflow["trigger"], { kind: "webhook" }>): void {
  const { scheme, header, idHeader } = trigger;
  if (scheme.startsWith("hmac-")) {
    if (header === undefined)
      source.report("EJS2505", `The scheme ${scheme} says in "header" where its signature stands.`, ["trigger"], {
        key: true,
      });
    return;
  }
  for (const [name, value] of Object.entries({ header, idHeader })) {
    if (value === undefined) continue;
    source.report("EJS2505", `The scheme ${scheme} has headers of its own.`, ["trigger", name], { key: true });
  }
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
  if (trigger.event !== "action" && trigger.action !== undefined) {
    source.report("EJS2505", `"action" belongs to the event "action".`, ["trigger", "action"], { key: true });
  }
  const variables = { ...eventParts(entity, trigger.event), actor: EVENT_ACTOR };
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

/** What a condition sees of an event: a side that it has not would be null, and the condition never true. */
function eventParts(entity: Entity, event: ModelTrigger["event"]): Readonly<Record<string, Variable>> {
  const stored = storedRecord(entity);
  if (event === "create") return { after: stored };
  if (event === "delete") return { before: stored };
  const bool: Variable = { kind: "value", type: { kind: "bool" }, nullable: false, sql: literal(null) };
  // The relay knows it of each column but the time of the change, which every change has.
  const named = entity.fields.filter(({ storage }) => "column" in storage && storage.column !== "updated_at");
  const changed: Variable = { kind: "record", fields: Object.fromEntries(named.map(({ name }) => [name, bool])) };
  return { before: stored, after: stored, changed };
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

const uuid: Variable = { kind: "value", type: { kind: "uuid" }, nullable: true, sql: literal(null) };
const texts: Variable = {
  kind: "value",
  type: { kind: "list", of: { kind: "string" } },
  nullable: false,
  sql: literal(null),
};
/** Who has caused an event, as far as the relay knows him. */
const EVENT_ACTOR: Variable = { kind: "record", fields: { id: uuid, tenantId: uuid, roles: texts } };

/** What is known before a run begins: its event, or what it is given. */
function eventNames(context: ProcessContext, trigger: Workflow["trigger"]): Readonly<Record<string, Variable>> {
  const name = triggerEntity(trigger);
  if (name === undefined) return { input: schemaVariable(inputSchema(context)) };
  const entity = context.model.system.entities.find((each) => each.name === name);
  if (entity === undefined) return {};
  const stored = storedRecord(entity);
  const action = trigger.kind === "model" ? entity.actions.find((each) => each.name === trigger.action) : undefined;
  const fields = (action?.input ?? []).map(({ name: field, type }): [string, Variable] => [
    field,
    {
      kind: "value",
      type: type.kind === "one" ? { kind: "uuid" } : expressionType(type),
      nullable: true,
      sql: literal(null),
    },
  ]);
  const input: Readonly<Record<string, Variable>> =
    action === undefined ? {} : { input: { kind: "record", fields: Object.fromEntries(fields) } };
  return { event: { kind: "record", fields: { before: stored, after: stored, ...input } } };
}

/** Checks by what runs are told apart: the keys of their order and limits. */
export function checkOptions(context: ProcessContext, trigger: Workflow["trigger"]): void {
  const { options = {} } = context.file;
  const { ordered, concurrency, rate, debounce } = options;
  const names = eventNames(context, trigger);
  if (ordered?.by === "record" && triggerEntity(trigger) === undefined) {
    context.source.report(
      "EJS2505",
      "No record starts it, so its runs cannot be ordered by one.",
      ["options", "ordered", "by"],
      { hint: 'Order them by a key: {"by": {"key": "input.…"}, "onFailure": "halt"}.' },
    );
  } else if (typeof ordered?.by === "object") {
    context.expression(["options", "ordered", "by", "key"], ordered.by.key, names);
  }
  for (const [name, limit] of Object.entries({ concurrency, rate, debounce })) {
    if (limit?.key !== undefined) context.expression(["options", name, "key"], limit.key, names);
  }
  if (debounce?.maxMs !== undefined && debounce.maxMs < debounce.pauseMs) {
    const hint = "A run begins at the latest so long after the first of its events: write more than the pause.";
    context.source.report("EJS2505", "max is less than the pause.", ["options", "debounce", "max"], { hint });
  }
}

/**
 * As whom it runs. Where the file does not say it: as whoever calls or causes it; what only the platform starts, as the
 * platform.
 */
export function processActor(context: ProcessContext, trigger: Workflow["trigger"], isPure: boolean): Workflow["as"] {
  const { file, source } = context;
  const nobody = trigger.kind === "webhook" || SCHEDULED.includes(trigger.kind);
  if (file.as === "inherit" && nobody) {
    source.report(
      "EJS2506",
      `nobody stands behind a trigger of the kind ${trigger.kind} whose rights the steps could have.`,
      ["as"],
    );
  }
  if (file.as === undefined && nobody) {
    source.report(
      "EJS2506",
      `nobody stands behind a trigger of the kind ${trigger.kind} whose rights the steps could have, and the process does not say as whom it runs.`,
      ["trigger"],
      { key: true },
    );
  }
  if (typeof file.as === "object") {
    const names = eventNames(context, trigger);
    context.expression(["as", "impersonate"], file.as.impersonate, names, { kind: "uuid" });
  }
  if (file.as !== undefined) return file.as;
  const called = trigger.kind !== "manual" || trigger.roles !== undefined || trigger.allow !== undefined;
  return called || (file.execution.model === "sync" && isPure) ? "inherit" : "system";
}
