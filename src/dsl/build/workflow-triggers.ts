/** Triggers that are no change of rows: the clock, moments of rows, signals, webhooks. */
import { nearest } from "../../errors/nearest.ts";
import { suggestion } from "../../errors/suggestion.ts";
import { cronHint, cronNever, cronProblem, isTimeZone, timeZoneNames } from "../../model/cron.ts";
import { slugName, type Workflow } from "../../model/index.ts";
import type {
  ClockTriggerDeclaration,
  MomentTriggerDeclaration,
  SignalTriggerDeclaration,
  WebhookTriggerDeclaration,
} from "../clock-trigger.ts";
import { declarationOf } from "../declared.ts";
import type { QueueTriggerDeclaration } from "../queue.ts";
import type { ManualTriggerDeclaration } from "../trigger.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import { SLUG_FORM } from "./names.ts";
import { checkOptions, isPlainObject } from "./options.ts";
import { queueNamed } from "./queues.ts";
import { shown } from "./report.ts";
import { milliseconds } from "./workflow-options.ts";
import type { StepTools } from "./workflow-step-context.ts";

type Trigger = Workflow["trigger"];
type Declaration =
  | ManualTriggerDeclaration
  | ClockTriggerDeclaration
  | MomentTriggerDeclaration
  | SignalTriggerDeclaration
  | WebhookTriggerDeclaration
  | QueueTriggerDeclaration;

/** The declaration of a trigger of these kinds; undefined for any other value. */
export const otherTrigger = (on: unknown): Declaration | undefined =>
  declarationOf<Declaration>(
    on,
    "manual-trigger",
    "clock-trigger",
    "moment-trigger",
    "signal-trigger",
    "webhook-trigger",
    "queue-trigger",
  );

/** The input of a workflow that the clock starts. */
export const TICK_INPUT = {
  type: "object",
  properties: { scheduledFor: { type: "string", format: "date-time" } },
  required: ["scheduledFor"],
  additionalProperties: false,
} as const;

/** @returns undefined after a report */
export function otherTriggerOf(
  declaration: Declaration,
  { name }: WorkflowDeclaration,
  tools: StepTools,
): Trigger | undefined {
  const what = `Workflow ${name}`;
  switch (declaration.kind) {
    case "manual-trigger":
      return manualTrigger(declaration, what, tools);
    case "clock-trigger":
      return clockTrigger(declaration, what, tools);
    case "moment-trigger":
      return momentTrigger(declaration, what, tools);
    case "signal-trigger":
      if (slugName.safeParse(declaration.signal).success)
        return { kind: "signal", signal: declaration.signal as string };
      tools.context.report.error("EJS2167", `${what}: ${shown(declaration.signal)} is no name of a signal.`, {
        site: declaration.site,
        word: typeof declaration.signal === "string" ? declaration.signal : undefined,
        hint: SLUG_FORM,
      });
      return undefined;
    case "queue-trigger": {
      if (declaration.given.length > 0) {
        tools.context.report.error(
          "EJS2106",
          `${what}: received() takes nothing: every message of the queue starts a run.`,
          {
            site: declaration.site,
            hint: 'Decide in the first step: flow.branch("free", ({ input }) => input.free, (then) => …)',
          },
        );
      }
      const queue = queueNamed(declaration.queue, { what, site: declaration.site }, tools.context);
      return queue && { kind: "queue", queue: queue.name };
    }
    case "webhook-trigger":
      return webhookTrigger(declaration, what, tools);
    default:
      return declaration satisfies never;
  }
}

function manualTrigger(
  { options, site }: ManualTriggerDeclaration,
  what: string,
  { context }: StepTools,
): Trigger | undefined {
  const given = isPlainObject(options) ? options : {};
  checkOptions(given, ["roles", "allow"], `${what}: manual()`, site, context.report);
  const { roles } = given;
  if (roles === undefined) return { kind: "manual" };
  const known = context.system.roles.map(({ name }) => name);
  if (!Array.isArray(roles) || roles.length === 0) {
    context.report.error("EJS2106", `${what}: roles is a list of names, not ${shown(roles)}.`, { site, word: "roles" });
    return undefined;
  }
  for (const role of roles) {
    if (known.includes(role)) continue;
    const word = typeof role === "string" ? role : "roles";
    context.report.error("EJS2112", `${what}: there is no role ${shown(role)}.`, {
      site,
      word,
      hint: suggestion(role, known, "Roles"),
    });
    return undefined;
  }
  return { kind: "manual", roles: [...new Set(roles as string[])].sort() };
}

function clockTrigger({ every, cron, options, site }: ClockTriggerDeclaration, what: string, tools: StepTools) {
  const { report } = tools.context;
  const refuse = (problem: string, word?: string) => {
    report.error("EJS2164", `${what}: ${problem}.`, { site, word });
    return undefined;
  };
  const given: Readonly<Record<string, unknown>> = isPlainObject(options) ? options : {};
  for (const key of Object.keys(given)) {
    if (key !== "catchUp") refuse(`a schedule has no option ${shown(key)}, but catchUp`, key);
  }
  const catchUp = catchUpOf(given.catchUp);
  if (catchUp === undefined) {
    return refuse(`catchUp is "none", "one" or { atMost: 1 to 1000 }, not ${shown(given.catchUp)}`, "catchUp");
  }
  if (cron === undefined) {
    const everyMs = milliseconds(every);
    if (everyMs === undefined || everyMs < 1_000) {
      return refuse(`every() takes a length of time from a second on, such as "5m", not ${shown(every)}`);
    }
    return { kind: "interval", everyMs, catchUp } satisfies Trigger;
  }
  const { expression, zone } = cron;
  if (typeof expression !== "string") return refuse(`${shown(expression)} is no cron expression`);
  const problem = cronProblem(expression) ?? cronNever(expression);
  if (problem !== undefined) {
    const message = `${what}: the cron expression ${shown(expression)} ${problem}.`;
    report.error("EJS2164", message, { site, word: expression, hint: cronHint(expression) });
  }
  const isZone = typeof zone === "string" && isTimeZone(zone);
  if (!isZone) {
    const meant = nearest(String(zone), timeZoneNames());
    const hint = meant === undefined ? undefined : `Did you mean ${shown(meant)}?`;
    report.error("EJS2164", `${what}: ${shown(zone)} is no time zone of the IANA's.`, {
      site,
      word: String(zone),
      hint,
    });
  }
  if (problem !== undefined || !isZone) return undefined;
  return { kind: "cron", expression: expression.trim(), zone, catchUp } satisfies Trigger;
}

type StoredCatchUp = Extract<Trigger, { kind: "cron" }>["catchUp"];

function catchUpOf(given: unknown): StoredCatchUp | undefined {
  if (given === undefined) return "one";
  if (given === "none" || given === "one") return given;
  if (!isPlainObject(given) || Object.keys(given).join() !== "atMost") return undefined;
  const { atMost } = given;
  const isCount = typeof atMost === "number" && Number.isInteger(atMost) && atMost >= 1 && atMost <= 1000;
  return isCount ? { most: atMost } : undefined;
}

function momentTrigger(declaration: MomentTriggerDeclaration, what: string, tools: StepTools): Trigger | undefined {
  const { context, callbacks, expressions, environments } = tools;
  const { site, field: name, offset = "0", condition } = declaration;
  const entity = context.drafts.get(declaration.entity)?.entity;
  if (entity === undefined) return undefined;
  const times = entity.fields.filter(
    ({ type, storage }) =>
      type.kind === "scalar" &&
      (type.scalar === "timestamp" || type.scalar === "date") &&
      (storage.kind === "column" || storage.kind === "generated"),
  );
  const field = times.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const hint = suggestion(
      name,
      times.map((candidate) => candidate.name),
      `Times of ${entity.name}`,
    );
    const message = `${what}: ${shown(name)} is no field of ${entity.name} that holds a time in its own table.`;
    context.report.error("EJS2165", message, { site, word: typeof name === "string" ? name : undefined, hint });
    return undefined;
  }
  const offsetMs = offsetOf(offset);
  if (offsetMs === undefined) {
    const message = `${what}: ${shown(offset)} is no length of time such as "-2d" or "+3h".`;
    context.report.error("EJS2165", message, { site });
    return undefined;
  }
  const written = condition && callbacks.expression(condition, { names: ["row"] }, `${what}, condition`);
  if (written !== undefined) expressions.check(written, environments.row(entity.name), { kind: "bool" });
  return {
    kind: "datetime",
    entity: entity.name,
    field: field.name,
    offsetMs,
    ...(written === undefined ? {} : { condition: written.text }),
  };
}

/** `"-2d"` in milliseconds. */
function offsetOf(offset: unknown): number | undefined {
  if (offset === "0") return 0;
  if (typeof offset !== "string") return undefined;
  const before = offset.startsWith("-");
  const length = milliseconds(offset.replace(/^[-+]/, ""));
  return length !== undefined && before ? -length : length;
}

const SCHEMES = ["standard-webhooks", "stripe", "github", "hmac-sha256-hex", "hmac-sha256-base64"] as const;
const HEADER = /^[A-Za-z0-9-]{1,64}$/;

function webhookTrigger({ path, options, site }: WebhookTriggerDeclaration, what: string, { context }: StepTools) {
  const refuse = (problem: string, word?: string, hint?: string) => {
    context.report.error("EJS2167", `${what}: ${problem}.`, { site, word, hint });
    return undefined;
  };
  if (!slugName.safeParse(path).success) {
    return refuse(`${shown(path)} is no name of a webhook`, typeof path === "string" ? path : undefined, SLUG_FORM);
  }
  if (!isPlainObject(options)) return refuse("a webhook says its secret and its scheme");
  const known = ["secret", "scheme", "header", "idHeader", "tolerance", "input"];
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    return refuse(`a webhook has no option ${shown(unknown)}`, unknown, suggestion(unknown, known, "There are"));
  }
  const { secret, header, idHeader } = options;
  const scheme = SCHEMES.find((candidate) => candidate === options.scheme);
  if (scheme === undefined) {
    const hint = suggestion(options.scheme, SCHEMES, "There are");
    return refuse(`there is no scheme ${shown(options.scheme)}`, "scheme", hint);
  }
  const variable = context.secretVariable(secret);
  if (variable === undefined) {
    return refuse('secret is env("NAME") and nothing else: the model is no place for it', "secret");
  }
  const named = scheme.startsWith("hmac-");
  if (named !== (header !== undefined) || (!named && idHeader !== undefined)) {
    return refuse(
      `${scheme} ${named ? "says the header of its signature" : "has headers of its own"}`,
      header === undefined ? "scheme" : "header",
    );
  }
  for (const [option, value] of Object.entries({ header, idHeader })) {
    if (value !== undefined && !(typeof value === "string" && HEADER.test(value)))
      return refuse(`${shown(value)} is no name of a header`, option);
  }
  const toleranceMs = options.tolerance === undefined ? 300_000 : milliseconds(options.tolerance);
  if (toleranceMs === undefined)
    return refuse(`tolerance is a length of time, not ${shown(options.tolerance)}`, "tolerance");
  const trigger = {
    kind: "webhook",
    path: path as string,
    secret: variable,
    scheme,
    ...(header === undefined ? {} : { header: header as string }),
    ...(idHeader === undefined ? {} : { idHeader: idHeader as string }),
    toleranceMs,
  } satisfies Trigger;
  const other = context.system.workflows.find((workflow) => isSignedOtherwise(workflow, trigger));
  if (other === undefined) return trigger;
  return refuse(
    `the workflow ${other.name} takes requests of the webhook ${shown(path)} with another secret, scheme or header`,
    trigger.path,
    "A request is signed once: say the same, or choose another name.",
  );
}

type StoredWebhook = Extract<Trigger, { kind: "webhook" }>;

/** Whether a workflow asks of requests to the same webhook what no request that is signed like this one has. */
const isSignedOtherwise = ({ trigger: other }: Workflow, trigger: StoredWebhook): boolean =>
  other.kind === "webhook" &&
  other.path === trigger.path &&
  (["secret", "scheme", "header", "idHeader"] as const).some((part) => other[part] !== trigger[part]);
