/** Steps that touch the outside. */
import type { z } from "zod";
import { suggestion } from "../../errors/suggestion.ts";
import type { WorkflowNode } from "../../model/index.ts";
import { isOpen, refusal, schemaProperties } from "../../model/schema-types.ts";
import { httpNode as httpSchema } from "../../model/workflow-outside-nodes.ts";
import type { StepDeclaration, StepOf } from "../flow-steps.ts";
import type { Written } from "./callbacks.ts";
import { isCleanText } from "./options.ts";
import { shown } from "./report.ts";
import { callable, jsonSchemaOf } from "./tasks.ts";
import { type StepContext, textsOf, UNREADABLE } from "./workflow-step-context.ts";

type Made = WorkflowNode | undefined;

export function taskNode(context: StepContext, step: StepOf<"task">): Made {
  const { report, system } = context.tools.context;
  const written = context.values(step, step.values);
  const task = system.tasks.find((candidate) => candidate.name === step.task);
  if (task === undefined) {
    const names = callable(system.tasks);
    const message = `${context.what(step)}: there is no task ${shown(step.task)}.`;
    const hint = suggestion(step.task, names, "Tasks");
    report.error("EJS2153", message, { site: step.site, word: step.task, hint });
    return undefined;
  }
  checkInput(context, step, task.input, written, "task");
  return { id: step.id, kind: "task", task: step.task, input: textsOf(written), ...context.attempts(step) };
}

/** Whether values fit what a task or a workflow takes. */
export function checkInput(
  context: StepContext,
  step: StepDeclaration,
  schema: unknown,
  written: ReadonlyMap<string, Written>,
  taker: "task" | "workflow" | "queue",
): void {
  const { report } = context.tools.context;
  const properties = schemaProperties(schema);
  for (const [name, value] of written) {
    const core = context.check(value);
    const property = properties?.find((candidate) => candidate.name === name);
    if (properties === undefined || (property === undefined && isOpen(schema))) continue;
    if (property === undefined) {
      const hint = suggestion(
        name,
        properties.map((candidate) => candidate.name),
        "Properties of its input",
      );
      const message = `${context.what(step)}: the ${taker} takes no ${shown(name)}.`;
      report.error("EJS2157", message, { site: step.site, word: name, hint });
      continue;
    }
    const wanted = core === undefined ? undefined : refusal(core.type, property.schema);
    if (wanted === undefined || core === undefined) continue;
    const message = `${value.what}: expected ${wanted}, found ${core.type.kind}.`;
    const hint = core.type.kind === "row" ? `Name one of its fields: ${value.text}.id.` : undefined;
    report.error("EJS2133", message, { site: step.site, word: name, hint });
  }
  const missing = (properties ?? []).filter((property) => property.required && !written.has(property.name));
  if (missing.length > 0 && written !== UNREADABLE) {
    const names = missing.map(({ name }) => name).join(", ");
    report.error("EJS2156", `${context.what(step)}: the ${taker} requires ${names}.`, { site: step.site });
  }
}

export function logNode(context: StepContext, step: StepOf<"log">): Made {
  const values = context.checked(step, step.values);
  const levels = ["debug", "info", "warn", "error"] as const;
  const level = levels.find((known) => known === step.level);
  if (level === undefined) {
    context.refuse(step, `${shown(step.level)} is no level`, suggestion(step.level, levels, "Levels"));
    return undefined;
  }
  if (!isCleanText(step.message)) {
    context.refuse(step, `the message is ${shown(step.message)}`, 'flow.log("done", "receipt sent")');
    return undefined;
  }
  return { id: step.id, kind: "log", level, message: step.message, values };
}

export function httpNode(context: StepContext, step: StepOf<"http">): Made {
  const method = context.oneOf(step, step.method, "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
  const url = urlOf(context, step);
  const headers = context.checked(step, step.headers);
  const body = step.body === undefined ? undefined : context.checked(step, step.body);
  const response = schemaPart(context, step, step.response, "response");
  const { privateHosts = [], accept = [] } = step;
  const secret = context.tools.context.secretVariable(step.secret) ?? step.secret;
  const parts = { ...(body === undefined ? {} : { body }), ...(secret === undefined ? {} : { secret }), ...response };
  if (url === undefined) return undefined;
  const node = {
    id: step.id,
    kind: "http.request",
    method,
    url,
    headers,
    privateHosts,
    accept,
    ...parts,
    ...context.attempts(step),
  };
  const result = httpSchema.safeParse(node);
  if (result.success) return result.data;
  for (const { path } of result.error.issues) {
    const part = String(path[0]);
    context.refuse(step, `${part} is ${shown((node as Record<string, unknown>)[part])}`, HTTP_HINTS[part], part);
  }
  return undefined;
}

const HTTP_HINTS: Readonly<Record<string, string>> = {
  secret: 'An environment variable: secret: env("HOOK_SECRET"), or its name.',
  privateHosts: 'Names of hosts: privateHosts: ["billing.internal"].',
  accept: "Statuses: accept: [200, 404].",
  headers: "Names of letters, digits and dashes.",
};

function urlOf(context: StepContext, step: StepOf<"http">): string | undefined {
  const { url } = step;
  if (typeof url === "object" && url !== null) {
    return context.expression(step, url as StepOf<"sleep">["moment"], "url", { kind: "string" });
  }
  if (typeof url === "string" && isCleanText(url) && /^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    return JSON.stringify(url);
  context.refuse(
    step,
    `url is ${shown(url)}`,
    "An http or https URL, or a callback: url: ({ record }) => record.hook.",
    "url",
  );
  return undefined;
}

/** A zod schema as a part of a node; none where there is none, or after a report. */
export function schemaPart<K extends string>(
  context: StepContext,
  step: StepDeclaration,
  schema: z.ZodType | undefined,
  part: K,
): { readonly [P in K]?: never } {
  if (schema === undefined) return {};
  const found = jsonSchemaOf(schema, "output");
  if ("json" in found) return { [part]: found.json } as { readonly [P in K]?: never };
  context.tools.context.report.error("EJS2160", `${context.what(step)}: ${part} ${found.problem}.`, {
    site: step.site,
    word: part,
  });
  return {};
}
