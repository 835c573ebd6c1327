/** An action's effect that is a task stands for a workflow of one step, whose input is inferred from the task's schema. */
import { suggestion } from "../../errors/suggestion.ts";
import { DEFAULT_RETRY, type Field } from "../../model/index.ts";
import { refusal, type SchemaProperty, schemaProperties } from "../../model/schema-types.ts";
import type { BuildContext } from "./build-context.ts";
import type { Effect } from "./effects.ts";
import { shown } from "./report.ts";
import { callable } from "./tasks.ts";
import { graphOf } from "./workflow-graph.ts";
import type { StepTools } from "./workflow-step-context.ts";

export function addTaskEffect(effect: Effect, tools: StepTools): void {
  const { entity, action, reference, site } = effect;
  const { report, system } = tools.context;
  const of = `${entity.name}.${action}`;
  const task = system.tasks.find((candidate) => candidate.name === reference.name);
  if (task === undefined) {
    const names = callable(system.tasks);
    const message = `${of}: its effect is the task ${shown(reference.name)}, which there is not.`;
    const word = typeof reference.name === "string" ? reference.name : undefined;
    report.error("EJS2144", message, {
      site: reference.site ?? site,
      word,
      hint: suggestion(reference.name, names, "Tasks"),
    });
    return;
  }
  const input =
    task.input === undefined
      ? withoutSchema(effect)
      : inputOf(effect, task.name, schemaProperties(task.input) ?? [], tools);
  const name = `${lowerFirst(entity.name)}.${action}.${task.name.replace("/", ".")}`;
  tools.context.locate(`workflows.${name}`, site);
  system.workflows.push({
    name,
    version: 1,
    type: "orchestrated",
    execution: "event-driven",
    trigger: { kind: "model", entity: entity.name, event: "action", action },
    as: "inherit",
    retry: { ...DEFAULT_RETRY },
    ...graphOf([{ id: stepId(task.name), kind: "task", task: task.name, input }]),
    inferred: `effect of ${of}`,
  });
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** `send-invoice` → `sendInvoice`; what begins and ends the graph is not given away. */
function stepId(task: string): string {
  const id = task.replace(/[-_./]+([A-Za-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  return ["start", "end", "event", "record", "actor", "request", "flags", "input"].includes(id) ? "task" : id;
}

function inputOf(
  { entity, action, input, site }: Effect,
  task: string,
  properties: readonly SchemaProperty[],
  tools: StepTools,
): Record<string, string> {
  const { context, expressions, environments } = tools;
  const found: Record<string, string> = {};
  const missing: string[] = [];
  for (const property of properties) {
    const text = sourceOf(property.name, input, entity.fields);
    if (text === undefined) {
      if (property.required) missing.push(property.name);
      continue;
    }
    const what = `${entity.name}.${action}, effect ${task}, ${property.name}`;
    const core = expressions.check({ text, sites: [], what, site }, environments.step(entity, input, {}));
    const wanted = core === undefined ? undefined : refusal(core.type, property.schema);
    if (wanted !== undefined && core !== undefined) {
      context.report.error("EJS2133", `${what}: expected ${wanted}, but ${text} is ${core.type.kind}.`, {
        site,
        hint: "Write a workflow that says where the value comes from.",
      });
    }
    found[property.name] = text;
  }
  if (missing.length > 0) reportMissing(missing, entity.name, action, task, site, context);
  return found;
}

/** A plain graphile-worker task says nothing of its input: it gets what the action was called with. */
function withoutSchema({ input }: Effect): Record<string, string> {
  return { id: "record.id", ...Object.fromEntries(input.map(({ name }) => [name, `event.input.${name}`])) };
}

/** From the action's input, else from the record. */
function sourceOf(name: string, input: readonly Field[], fields: readonly Field[]): string | undefined {
  if (input.some((field) => field.name === name)) return `event.input.${name}`;
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined || field.type.kind === "many") return undefined;
  return field.type.kind === "one" ? `record.${name}.id` : `record.${name}`;
}

function reportMissing(
  missing: readonly string[],
  entity: string,
  action: string,
  task: string,
  site: Effect["site"],
  { report, drafts }: BuildContext,
): void {
  const broken = drafts.get(entity)?.broken;
  const names = missing.filter((name) => !broken?.has(name)).join(", ");
  if (names === "") return;
  const message = `${entity}.${action}: the task ${task} requires ${names}, which neither the action's input nor ${entity} has.`;
  report.error("EJS2145", message, { site });
}
