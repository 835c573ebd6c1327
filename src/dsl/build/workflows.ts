/** Stage 10: workflows, declared ones and those that actions' effects stand for. */
import { slugName, type Workflow } from "../../model/index.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import { type Effect, effectsOf } from "./effects.ts";
import { checkSlug } from "./names.ts";
import { checkOptions, isPlainObject, optionOf } from "./options.ts";
import { inOrder, order, shown, suggestion } from "./report.ts";
import { addTaskEffect } from "./task-effects.ts";
import { graphOf } from "./workflow-graph.ts";
import { asOf, retryOf, triggerOf } from "./workflow-options.ts";
import { declaredSteps, StepBuilder, type StepTools } from "./workflow-steps.ts";

const OPTIONS = ["describe", "on", "as", "retry", "steps"];

export function addWorkflows(declarations: readonly WorkflowDeclaration[], tools: StepTools): void {
  const { system, report } = tools.context;
  const effects = effectsOf(tools.context);
  for (const declaration of inOrder(declarations)) {
    addWorkflow(declaration, effects, tools);
  }
  for (const effect of effects) {
    if (effect.reference.kind === "task-reference") addTaskEffect(effect, tools);
    else checkWorkflowEffect(effect, declarations, tools);
  }
  system.workflows.sort((a, b) => order(a.name, b.name));
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
  const { report, system, drafts } = context;
  if (!checkSlug(name, "workflow", site, report)) return;
  const what = `Workflow ${name}`;
  if (!isPlainObject(options)) {
    report.error("EJS2106", `${what}: the second argument must be an object, not ${shown(options)}.`, { site });
    return;
  }
  checkOptions(options, OPTIONS, what, site, report);
  const description = optionOf(options, "describe", "string", what, site, report);
  const retry = retryOf(declaration, report);
  const as = asOf(declaration, report);
  const trigger = !Object.hasOwn(options, "on")
    ? effectTrigger(declaration, effects, tools)
    : triggerOf(declaration, context, tools);
  const steps = declaredSteps(declaration, context);
  const entity = trigger && drafts.get(trigger.entity)?.entity;
  if (trigger === undefined || entity === undefined) return;
  context.locate(`workflows.${name}`, site, name);
  const input = entity.actions.find((action) => action.name === trigger.action)?.input;
  const builder = new StepBuilder(name, entity, input, tools);
  for (const step of steps) builder.add(step);
  system.workflows.push({
    name,
    version: 1,
    ...(description === undefined ? {} : { description }),
    type: "orchestrated",
    execution: "event-driven",
    trigger,
    as,
    retry,
    ...graphOf(builder.nodes),
  });
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
  { context }: StepTools,
): void {
  const { report, system } = context;
  const { name } = reference;
  const of = `${entity.name}.${action}`;
  const workflow = system.workflows.find((candidate) => candidate.name === name);
  if (workflow !== undefined) {
    const { trigger } = workflow;
    if (trigger.entity === entity.name && trigger.action === action) return;
    const starts = `${trigger.entity}.${trigger.action ?? trigger.event}`;
    const message = `${of}: its effect, the workflow ${name}, starts on ${starts}.`;
    report.error("EJS2144", message, { site, hint: `Remove "on" from the workflow, or .effect() from ${of}.` });
  } else if (!declarations.some((candidate) => candidate.name === name)) {
    const names = declarations.map((candidate) => candidate.name).filter((known) => slugName.safeParse(known).success);
    const message = `${of}: its effect is the workflow ${shown(name)}, which there is not.`;
    report.error("EJS2144", message, { site, hint: suggestion(name, names, "Workflows") });
  }
}
