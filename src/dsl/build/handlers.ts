/** Handlers: each is a workflow with one step, which calls it as a task. */
import { nearest } from "../../errors/nearest.ts";
import { eventNames, parseEventName, type System } from "../../model/index.ts";
import type { NamedHandler } from "../collection.ts";
import { type Callback, declarationOf, declared } from "../declared.ts";
import type { FlowRecorder } from "../flow-recorder.ts";
import type { HandlerDeclaration } from "../on.ts";
import type { QueueTriggerDeclaration } from "../queue.ts";
import type { TriggerDeclaration } from "../trigger.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";
import { checkSlug } from "./names.ts";
import { checkOptions, isPlainObject } from "./options.ts";
import { order, shown } from "./report.ts";
import { EXECUTION_OPTIONS } from "./workflow-execution.ts";

const OPTIONS = ["describe", "as", "retry", "timeout", "when", ...EXECUTION_OPTIONS];

/**
 * Adds the task of each handler, `handlers/<name>`, and gives the workflows that call them, `on-<name>`.
 *
 * @param declarations all calls of `on()`; one that no file of `handlers/` exports is reported
 */
export function addHandlers(
  handlers: readonly NamedHandler[],
  declarations: readonly HandlerDeclaration[],
  context: BuildContext,
): readonly WorkflowDeclaration[] {
  const { report, system } = context;
  const named = new Map<HandlerDeclaration, string>();
  const workflows: WorkflowDeclaration[] = [];
  for (const { name, file, handler } of [...handlers].sort((a, b) => order(a.name, b.name) || order(a.file, b.file))) {
    const declaration = declarationOf<HandlerDeclaration>(handler, "handler");
    if (declaration === undefined) continue;
    const site = declaration.site ?? { file, line: 1, column: 1 };
    const other = named.get(declaration);
    // Handed on by another file under its own name.
    if (other === name) continue;
    if (other !== undefined) {
      report.error("EJS2172", `The handler ${name} is exported as ${other} already.`, { site });
      continue;
    }
    named.set(declaration, name);
    if (!checkSlug(name, "handler", site, report)) continue;
    const task = `handlers/${name}`;
    if (system.tasks.some((known) => known.name === task)) {
      report.error("EJS2172", `There are two handlers called ${name}.`, { site });
      continue;
    }
    context.locate(`tasks.${task}`, site);
    system.tasks.push({ name: task });
    const workflow = workflowOf({ ...declaration, site }, name, task, context);
    if (workflow !== undefined) workflows.push(workflow);
  }
  for (const { event, site } of declarations.filter((declaration) => !named.has(declaration))) {
    report.error("EJS2172", `No file of handlers/ exports what on(${shown(event)}) makes.`, { site });
  }
  system.tasks.sort((a, b) => order(a.name, b.name));
  return workflows;
}

function workflowOf(
  { event, handler, options, site }: HandlerDeclaration,
  name: string,
  task: string,
  context: BuildContext,
): WorkflowDeclaration | undefined {
  const { report } = context;
  const what = `Handler ${name}`;
  if (typeof handler !== "function") {
    const hint = "async ({ event, idempotencyKey }) => { … }";
    report.error("EJS2106", `${what}: the second argument is a function, not ${shown(handler)}.`, { site, hint });
  }
  if (!isPlainObject(options)) {
    report.error("EJS2106", `${what}: the third argument must be an object, not ${shown(options)}.`, { site });
    return undefined;
  }
  checkOptions(options, OPTIONS, what, site, report);
  const { when } = options;
  const rest = Object.fromEntries(Object.entries(options).filter(([key]) => key !== "when" && OPTIONS.includes(key)));
  const on = triggerOf({ event, site }, when, what, context);
  if (on === undefined) return undefined;
  const steps = (flow: FlowRecorder) => flow.task("handle", task);
  return { kind: "workflow", site, name: `on-${name}`, options: { ...rest, on, steps } };
}

function triggerOf(
  { event, site }: Pick<HandlerDeclaration, "event" | "site">,
  when: unknown,
  what: string,
  { system, brokenEntities, report }: BuildContext,
): object | undefined {
  if (system.queues?.some((queue) => queue.name === event)) {
    if (when === undefined) {
      return declared<QueueTriggerDeclaration, object>({ kind: "queue-trigger", site, given: [], queue: event }, {});
    }
    report.error("EJS2171", `${what}: "when" is over the rows of an entity's event, and ${shown(event)} is a queue.`, {
      site,
      word: "when",
    });
    return undefined;
  }
  const known = eventNames(system);
  const parsed = typeof event === "string" ? parseEventName(event) : undefined;
  if (parsed !== undefined && brokenEntities.has(parsed.entity)) return undefined;
  if (parsed === undefined || !known.includes(event as string)) {
    const word = typeof event === "string" ? event : undefined;
    const hint = eventHint(event, known, system);
    report.error("EJS2171", `${what}: there is no event ${shown(event)}.`, { site, word, hint });
    return undefined;
  }
  const { entity, action } = parsed;
  return declared<TriggerDeclaration, object>(
    {
      kind: "trigger",
      site,
      entity,
      event: parsed.event,
      ...(parsed.event === "action" ? { action } : {}),
      ...(when === undefined ? {} : { condition: { site, callback: when as Callback } }),
    },
    {},
  );
}

/** The name that was meant, and those that there are: of the entity, where it is known, since a system may have thousands. */
function eventHint(event: unknown, known: readonly string[], { entities, queues = [] }: System): string {
  const places = queues.map((queue) => queue.name);
  const meant = typeof event === "string" ? nearest(event, [...known, ...places]) : undefined;
  const entity = (meant ?? String(event)).split(".")[0];
  const ofEntity = known.filter((name) => name.startsWith(`${entity}.`));
  const list =
    ofEntity.length > 0
      ? `Events of ${entity}: ${ofEntity.join(", ")}.`
      : `Entities: ${entities.map(({ name }) => name).join(", ")}; queues: ${places.join(", ") || "none"}.`;
  return meant === undefined ? list : `Did you mean "${meant}"? ${list}`;
}
