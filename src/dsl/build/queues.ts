/** Queues, and who names them. */
import type { z } from "zod";
import { suggestion } from "../../errors/suggestion.ts";
import { type Queue, slugName } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { StepOf } from "../flow-steps.ts";
import type { QueueDeclaration, QueueTriggerDeclaration } from "../queue.ts";
import type { Site } from "../site.ts";
import type { BuildContext } from "./build-context.ts";
import { checkSlug } from "./names.ts";
import { checkOptions, isPlainObject, optionOf } from "./options.ts";
import { inOrder, order, shown } from "./report.ts";
import { jsonSchemaOf } from "./tasks.ts";
import { retryOf } from "./workflow-options.ts";
import { checkInput } from "./workflow-outside-steps.ts";
import { type StepContext, textsOf } from "./workflow-step-context.ts";

/** Before the workflows, which publish and receive. */
export function addQueues(declarations: readonly QueueDeclaration[], context: BuildContext): void {
  const { report, system } = context;
  const queues: Queue[] = [];
  for (const { name, options, site } of inOrder(declarations)) {
    if (!checkSlug(name, "queue", site, report)) continue;
    const what = `Queue ${name}`;
    if (queues.some((other) => other.name === name)) {
      report.error("EJS2104", `There are two queues called ${name}.`, { site, word: name });
      continue;
    }
    if (!isPlainObject(options)) {
      report.error("EJS2106", `${what}: the second argument must be an object, not ${shown(options)}.`, { site });
      continue;
    }
    checkOptions(options, ["describe", "message", "publish", "retry"], what, site, report);
    const description = optionOf(options, "describe", "string", what, site, report);
    const publishers = publishersOf(options.publish, what, site, context);
    const message = messageOf(options.message, what, site, context);
    context.locate(`queues.${name}`, site, name);
    queues.push({
      name,
      ...(description === undefined ? {} : { description }),
      ...(message === undefined ? {} : { message: message as never }),
      ...(options.retry === undefined ? {} : { retry: retryOf(what, options.retry, site, report) }),
      ...(publishers === undefined ? {} : { publishers }),
    });
  }
  if (queues.length > 0) system.queues = queues.sort((a, b) => order(a.name, b.name));
}

function publishersOf(
  roles: unknown,
  what: string,
  site: Site | undefined,
  { report, system }: BuildContext,
): string[] | undefined {
  if (roles === undefined) return undefined;
  if (!Array.isArray(roles) || roles.length === 0) {
    report.error("EJS2106", `${what}: publish is a list of roles, not ${shown(roles)}.`, { site, word: "publish" });
    return undefined;
  }
  const known = system.roles.filter((role) => role.of === "tenant").map(({ name }) => name);
  const unknown = roles.find((role) => !known.includes(role));
  if (unknown === undefined) return [...new Set(roles as string[])].sort();
  const word = typeof unknown === "string" ? unknown : "publish";
  const hint = suggestion(unknown, known, "Roles of a tenant");
  report.error("EJS2112", `${what}: there is no role ${shown(unknown)}.`, { site, word, hint });
  return undefined;
}

function messageOf(schema: unknown, what: string, site: Site | undefined, { report }: BuildContext): unknown {
  if (schema === undefined) return undefined;
  if (typeof schema !== "object" || schema === null || !("_zod" in schema)) {
    report.error("EJS2106", `${what}: message is a zod schema, not ${shown(schema)}.`, { site, word: "message" });
    return undefined;
  }
  const found = jsonSchemaOf(schema as z.ZodType, "input");
  if ("json" in found) return found.json;
  report.error("EJS2160", `The message of the queue ${what.slice("Queue ".length)} ${found.problem}.`, {
    site,
    word: "message",
  });
  return undefined;
}

/** A queue by the name that somebody gives; undefined after a report. */
export function queueNamed(
  name: unknown,
  of: { readonly what: string; readonly site: Site | undefined },
  { report, system }: BuildContext,
): Queue | undefined {
  const queues = system.queues ?? [];
  const found = queues.find((queue) => queue.name === name);
  if (found !== undefined) return found;
  const names = queues.map((queue) => queue.name);
  report.error("EJS2170", `${of.what}: there is no queue ${shown(name)}.`, {
    site: of.site,
    word: typeof name === "string" && slugName.safeParse(name).success ? name : undefined,
    hint: suggestion(name, names, "Queues"),
  });
  return undefined;
}

/** The queue whose messages a workflow receives; undefined where it starts on something else, or after a report. */
export function receivedQueue(on: unknown, context: BuildContext): Queue | undefined {
  const trigger = declarationOf<QueueTriggerDeclaration>(on, "queue-trigger");
  return trigger && context.system.queues?.find(({ name }) => name === trigger.queue);
}

export function publishNode(context: StepContext, step: StepOf<"publish">) {
  const { queue } = step;
  const name = declarationOf<QueueDeclaration>(queue, "queue")?.name ?? queue;
  const written = context.values(step, step.values);
  const found = queueNamed(name, { what: context.what(step), site: step.site }, context.tools.context);
  if (found === undefined) return undefined;
  checkInput(context, step, found.message, written, "queue");
  return {
    id: step.id,
    kind: "queue.publish" as const,
    queue: found.name,
    message: textsOf(written),
    ...context.attempts(step),
  };
}
