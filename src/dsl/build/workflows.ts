/** Stage 10: workflows, declared ones and those that actions' effects stand for. */
import type { z } from "zod";
import { suggestion } from "../../errors/suggestion.ts";
import type { Variable } from "../../expression/index.ts";
import { allNodes, slugName, takesInput, triggerEntity, type Workflow } from "../../model/index.ts";
import type { CallbackAt } from "../field.ts";
import type { Site } from "../site.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import { type Effect, effectsOf } from "./effects.ts";
import { checkSlug } from "./names.ts";
import { checkOptions, isPlainObject, optionOf } from "./options.ts";
import { receivedQueue } from "./queues.ts";
import { declaredSteps } from "./recorded-steps.ts";
import { inOrder, order, type Report, shown } from "./report.ts";
import { addTaskEffect } from "./task-effects.ts";
import { jsonSchemaOf } from "./tasks.ts";
import { isSynchronous, withAllow } from "./workflow-calls.ts";
import { EXECUTION_OPTIONS, executionOf } from "./workflow-execution.ts";
import { asOf, LENGTHS_OF_TIME, milliseconds, retryOf, triggerOf } from "./workflow-options.ts";
import { StepContext, type StepSource, type StepTools } from "./workflow-step-context.ts";
import { GraphBuilder } from "./workflow-steps.ts";
import { otherTrigger, otherTriggerOf, TICK_INPUT } from "./workflow-triggers.ts";

const OPTIONS = ["describe", "on", "as", "retry", "timeout", "execution", ...EXECUTION_OPTIONS, "steps"];
/** What the clock starts. */
const SCHEDULED = ["interval", "cron", "datetime"];

/** A workflow that is declared elsewhere: what steps that start it, and effects that name it, have to know of it. */
export interface OtherWorkflow extends Pick<Workflow, "name" | "trigger"> {
  /** JSON Schemas. */
  readonly input?: unknown;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** @param processes workflows that JSON files declare: steps may start them */
export function addWorkflows(
  declarations: readonly WorkflowDeclaration[],
  given: Omit<StepTools, "outputOf" | "inputOf">,
  processes: readonly OtherWorkflow[] = [],
): void {
  const { system, report } = given.context;
  const effects = effectsOf(given.context);
  const ordered = inOrder(declarations);
  const begun = new Set<WorkflowDeclaration>();
  const add = (declaration: WorkflowDeclaration): void => {
    if (begun.has(declaration)) return;
    begun.add(declaration);
    addWorkflow(declaration, effects, tools);
  };
  // Where one starts another, that one comes first; of a circle of such nothing is known.
  const named = (name: string): Pick<OtherWorkflow, "input" | "outputs"> | undefined => {
    for (const declaration of ordered) if (declaration.name === name) add(declaration);
    const known: OtherWorkflow | Workflow | undefined = [...system.workflows, ...processes].find(
      (workflow) => workflow.name === name,
    );
    return known && { outputs: known.outputs ?? {}, ...(takesInput(known.trigger) ? { input: known.input } : {}) };
  };
  const outputOf = (name: string): unknown => {
    const [output, ...others] = Object.values(named(name)?.outputs ?? {});
    return others.length === 0 ? output : undefined;
  };
  const tools: StepTools = { ...given, outputOf, inputOf: (name) => named(name)?.input };
  for (const declaration of ordered) add(declaration);
  for (const effect of effects) {
    if (effect.reference.kind === "task-reference") addTaskEffect(effect, tools);
    else checkWorkflowEffect(effect, declarations, processes, tools);
  }
  system.workflows.sort((a, b) => order(a.name, b.name));
  checkStarts([...declarations, ...processes.toSorted((a, b) => order(a.name, b.name))], tools);
  system.workflows.forEach(({ name }, i) => {
    if (system.workflows[i + 1]?.name !== name) return;
    report.error("EJS2104", `There are two workflows called ${name}.`, {
      site: inOrder(declarations).findLast((declaration) => declaration.name === name)?.site,
      word: name,
    });
  });
}

function addWorkflow(declaration: WorkflowDeclaration, effects: readonly Effect[], tools: StepTools): void {
  const { context } = tools;
  const { name, options, site } = declaration;
  const { report, system } = context;
  if (!checkSlug(name, "workflow", site, report)) return;
  const what = `Workflow ${name}`;
  if (!isPlainObject(options)) {
    report.error("EJS2106", `${what}: the second argument must be an object, not ${shown(options)}.`, { site });
    return;
  }
  checkOptions(options, OPTIONS, what, site, report);
  const description = optionOf(options, "describe", "string", what, site, report);
  const queue = receivedQueue(options.on, context);
  const retry =
    options.retry === undefined && queue?.retry ? { ...queue.retry } : retryOf(what, options.retry, site, report);
  const timeoutMs = timeoutOf(options.timeout, what, site, report);
  const trigger = !Object.hasOwn(options, "on")
    ? effectTrigger(declaration, effects, tools)
    : declaredTrigger(declaration, tools);
  const steps = declaredSteps(declaration, context);
  const source = trigger && sourceOf(declaration, trigger, context);
  const steppable = source && new StepContext(name, source, tools);
  const as = asOf(declaration, report, (given) => steppable && subjectOf(given, what, steppable));
  if (trigger === undefined || source === undefined || steppable === undefined) return;
  if (as === "inherit" && [...SCHEDULED, "webhook"].includes(trigger.kind)) {
    report.error(
      "EJS2166",
      `${what}: nobody stands behind a trigger of the kind ${trigger.kind} whose rights the steps could have.`,
      { site, word: "on" },
    );
  }
  const execution = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...executionOf(declaration, steppable) };
  context.locate(`workflows.${name}`, site, name);
  const builder = new GraphBuilder(steppable);
  const graph = builder.workflow(steps);
  const input = source.entity === undefined ? source.input : undefined;
  system.workflows.push({
    name,
    version: 1,
    ...(description === undefined ? {} : { description }),
    type: trigger.kind === "queue" ? "queue-consumer" : "orchestrated",
    execution: isSynchronous(declaration, trigger, steppable)
      ? "sync"
      : SCHEDULED.includes(trigger.kind)
        ? "scheduled"
        : "event-driven",
    trigger: withAllow(trigger, declaration, steppable),
    as,
    retry,
    ...(Object.keys(execution).length === 0 ? {} : { options: execution }),
    ...(input === undefined ? {} : { input: input as never }),
    ...(builder.gives === undefined ? {} : { outputs: { result: builder.gives as never } }),
    ...graph,
  });
}

/** The trigger that a workflow says itself; undefined after a report. */
function declaredTrigger(declaration: WorkflowDeclaration, tools: StepTools): Workflow["trigger"] | undefined {
  const other = otherTrigger(declaration.options.on);
  return other === undefined ? triggerOf(declaration, tools.context, tools) : otherTriggerOf(other, declaration, tools);
}

/** The schema of what a run is given, as its trigger was declared with. */
function inputSchema(on: unknown): z.ZodType | undefined {
  const declaration = otherTrigger(on);
  if (declaration?.kind === "manual-trigger" || declaration?.kind === "signal-trigger") return declaration.input;
  if (declaration?.kind !== "webhook-trigger" || !isPlainObject(declaration.options)) return undefined;
  return declaration.options.input as z.ZodType | undefined;
}

/** What starts its runs, as the steps see it; undefined where the entity could not be understood. */
function sourceOf(
  { options, name, site }: WorkflowDeclaration,
  trigger: Workflow["trigger"],
  context: StepTools["context"],
): StepSource | undefined {
  const { drafts, report } = context;
  const about = triggerEntity(trigger);
  if (about !== undefined) {
    const entity = drafts.get(about)?.entity;
    const action = trigger.kind === "model" ? trigger.action : undefined;
    return entity && { entity, input: entity.actions.find((candidate) => candidate.name === action)?.input };
  }
  if (SCHEDULED.includes(trigger.kind)) return { input: TICK_INPUT };
  if (trigger.kind === "queue") return { input: receivedQueue(options.on, context)?.message };
  const schema = inputSchema(options.on);
  if (schema === undefined) return { input: undefined };
  const found = jsonSchemaOf(schema, "input");
  if ("json" in found) return { input: found.json };
  report.error("EJS2160", `The input of the workflow ${name} ${found.problem}.`, { site, word: "on" });
  // Its steps would only bring consequences.
  return undefined;
}

/** The expression of a subject: over `event` or `input`, as the event stands in the log. */
function subjectOf(given: CallbackAt, what: string, context: StepContext): string | undefined {
  const names = context.source.entity === undefined ? ["input"] : ["event"];
  const written = context.tools.callbacks.expression(given, { names }, `${what}, impersonate`);
  if (written === undefined) return undefined;
  const { catalog, variables } = context.environment();
  const known = Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name)));
  const subject = isReference(written.text, known) ? { ...written, text: `${written.text}.id` } : written;
  context.tools.expressions.check(subject, { catalog, variables: known }, { kind: "uuid" });
  return subject.text;
}

/** Whether a path leads to a reference: `event.after.owner`, which stands for its id. */
function isReference(text: string, variables: Readonly<Record<string, Variable>>): boolean {
  const [first = "", ...rest] = text.split(".");
  const found = rest.reduce<Variable | undefined>(
    (at, name) => (at?.kind === "record" && Object.hasOwn(at.fields, name) ? at.fields[name] : undefined),
    Object.hasOwn(variables, first) ? variables[first] : undefined,
  );
  return found?.kind === "record" && Object.keys(found.fields).join() === "id";
}

function timeoutOf(timeout: unknown, what: string, site: Site | undefined, report: Report): number | undefined {
  if (timeout === undefined) return undefined;
  const length = milliseconds(timeout);
  if (length === undefined) {
    const message = `${what}: timeout is a length of time such as "3d", not ${shown(timeout)}.`;
    report.error("EJS2106", message, { site, word: "timeout", hint: LENGTHS_OF_TIME });
  }
  return length;
}

/** The action that names a workflow without a trigger of its own. */
function effectTrigger(
  { name, site }: WorkflowDeclaration,
  effects: readonly Effect[],
  { context }: StepTools,
): Workflow["trigger"] | undefined {
  const naming = effects.filter(({ reference }) => reference.kind !== "task-reference" && reference.name === name);
  const [only] = naming;
  if (only !== undefined && naming.length === 1) {
    return { kind: "model", entity: only.entity.name, event: "action", action: only.action };
  }
  const actions = naming.map(({ entity, action }) => `${entity.name}.${action}`).join(" and ");
  const message =
    only === undefined
      ? `Workflow ${name} has no trigger, and no action names it as its effect.`
      : `Workflow ${name} is the effect of ${actions}: a workflow has one trigger.`;
  context.report.error("EJS2150", message, { site, word: name });
  return undefined;
}

/** An effect that names a workflow with a trigger of its own must name the same event. */
function checkWorkflowEffect(
  { entity, action, reference, site }: Effect,
  declarations: readonly WorkflowDeclaration[],
  processes: readonly OtherWorkflow[],
  { context }: StepTools,
): void {
  const { report, system } = context;
  const { name } = reference;
  const of = `${entity.name}.${action}`;
  const process = processes.find((candidate) => candidate.name === name);
  const workflow = system.workflows.find((candidate) => candidate.name === name) ?? process;
  if (workflow !== undefined) {
    const { trigger } = workflow;
    if (trigger.kind === "model" && trigger.entity === entity.name && trigger.action === action) return;
    const starts = trigger.kind === "model" ? `${trigger.entity}.${trigger.action ?? trigger.event}` : trigger.kind;
    const message = `${of}: its effect, the workflow ${name}, starts on ${starts}.`;
    const begins = `{"kind": "model", "entity": "${entity.name}", "event": "action", "action": "${action}"}`;
    const hint =
      workflow === process
        ? `Write "trigger": ${begins} into the process, or remove .effect() from ${of}.`
        : `Remove "on" from the workflow, or .effect() from ${of}.`;
    report.error("EJS2144", message, { site, hint });
  } else if (!declarations.some((candidate) => candidate.name === name)) {
    const names = [...declarations, ...processes]
      .map((candidate) => candidate.name)
      .filter((known) => slugName.safeParse(known).success);
    const message = `${of}: its effect is the workflow ${shown(name)}, which there is not.`;
    report.error("EJS2144", message, { site, hint: suggestion(name, names, "Workflows") });
  }
}

/** Steps that start another workflow name one that there is. */
function checkStarts(declared: readonly { readonly name: string }[], { context }: StepTools): void {
  const { system, report } = context;
  const names = [...new Set([...[...system.workflows, ...declared].map(({ name }) => name)])];
  for (const workflow of system.workflows) {
    for (const node of allNodes(workflow)) {
      if (node.kind !== "startWorkflow" || names.includes(node.workflow)) continue;
      const message = `Workflow ${workflow.name}, step ${node.id}: there is no workflow ${shown(node.workflow)}.`;
      const site = context.siteOf(`workflows.${workflow.name}.${node.id}`);
      report.error("EJS2162", message, {
        site,
        word: node.workflow,
        hint: suggestion(node.workflow, names, "Workflows"),
      });
    }
  }
}
