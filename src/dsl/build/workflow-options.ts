/** What a workflow says besides its steps: trigger, actor, retry. */
import { suggestion } from "../../errors/suggestion.ts";
import { DEFAULT_RETRY, type Retry, type Workflow } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { CallbackAt } from "../field.ts";
import type { QueueDeclaration } from "../queue.ts";
import type { Site } from "../site.ts";
import type { TriggerDeclaration } from "../trigger.ts";
import type { ImpersonationDeclaration, WorkflowDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";
import type { Callbacks } from "./callbacks.ts";
import type { Environments } from "./environments.ts";
import type { Expressions } from "./expressions.ts";
import { isPlainObject } from "./options.ts";
import { type Report, shown } from "./report.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const LONGEST = 36_525 * 86_400_000;
/** What a length of time is, for hints. */
export const LENGTHS_OF_TIME = 'A whole number and a unit: "500ms", "90s", "5m", "2h", "3d".';
/** The longest pause between two attempts: 30 days. */
const LONGEST_PAUSE = 30 * 86_400_000;

/** `"2s"` in milliseconds; undefined where it is no length of time from 1 ms to 100 years. */
export function milliseconds(text: unknown): number | undefined {
  const match = typeof text === "string" ? /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) : null;
  const value = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? ""] ?? Number.NaN);
  return value >= 1 && value <= LONGEST ? value : undefined;
}

/** @param of what says so, in a message: `Workflow receipt-on-paid` */
export function retryOf(of: string, retry: unknown, site: Site | undefined, report: Report): Retry {
  if (retry === undefined) return { ...DEFAULT_RETRY };
  const complain = (what: string, word: string, hint?: string) =>
    report.error("EJS2158", `${of}: retry${what}.`, { site, word, hint });
  if (!isPlainObject(retry)) {
    complain(` must be an object, not ${shown(retry)}`, "retry");
    return { ...DEFAULT_RETRY };
  }
  const known = ["attempts", "backoff", "initial", "max"];
  for (const key of Object.keys(retry)) {
    if (known.includes(key)) continue;
    const hint = suggestion(key, known, "There are");
    report.error("EJS2105", `${of}: retry has no option ${shown(key)}.`, { site, word: key, hint });
  }
  const { attempts = DEFAULT_RETRY.attempts, backoff = DEFAULT_RETRY.backoff } = retry;
  const time = (key: "initial" | "max", fallback: number): number => {
    const value = retry[key];
    const length = value === undefined ? fallback : milliseconds(value);
    const parsed = length !== undefined && length <= LONGEST_PAUSE ? length : undefined;
    if (parsed === undefined)
      complain(`.${key} is a length of time such as "2s", not ${shown(value)}`, key, LENGTHS_OF_TIME);
    return parsed ?? fallback;
  };
  const initialMs = time("initial", DEFAULT_RETRY.initialMs);
  const maxMs = time("max", Math.max(DEFAULT_RETRY.maxMs, initialMs));
  if (initialMs > maxMs) complain(".initial is longer than .max", "initial");
  const isCount = typeof attempts === "number" && Number.isInteger(attempts) && attempts >= 1 && attempts <= 1000;
  if (!isCount) complain(`.attempts is a whole number from 1 to 1000, not ${shown(attempts)}`, "attempts");
  if (backoff !== "exponential" && backoff !== "fixed") {
    complain(`.backoff is "exponential" or "fixed", not ${shown(backoff)}`, "backoff");
  }
  return { attempts: isCount ? attempts : 1, backoff: backoff === "fixed" ? "fixed" : "exponential", initialMs, maxMs };
}

/** As whom the steps run; an expression is checked by `event` or `input`. */
export function asOf(
  { name, options, site }: WorkflowDeclaration,
  report: Report,
  subject: (given: CallbackAt) => string | undefined,
): Workflow["as"] {
  const { as = "inherit" } = options;
  if (as === "inherit" || as === "system") return as;
  const impersonation = declarationOf<ImpersonationDeclaration>(as, "impersonation");
  if (impersonation !== undefined) return { impersonate: subject(impersonation.subject) ?? "null" };
  report.error("EJS2106", `Workflow ${name}: "as" is ${shown(as)}.`, {
    site,
    word: "as",
    hint: `${suggestion(as, ["inherit", "system"], "It takes")} Or impersonate(({ event }) => …).`,
  });
  return "inherit";
}

/** The workflow's own trigger; undefined where it has none, or after a report. */
export function triggerOf(
  { name, options, site }: WorkflowDeclaration,
  context: BuildContext,
  tools: { readonly callbacks: Callbacks; readonly expressions: Expressions; readonly environments: Environments },
): Workflow["trigger"] | undefined {
  const { report } = context;
  const trigger = declarationOf<TriggerDeclaration>(options.on, "trigger");
  if (trigger === undefined) {
    const queue = declarationOf<QueueDeclaration>(options.on, "queue");
    const found = queue === undefined ? shown(options.on) : `the queue ${shown(queue.name)}`;
    // The export has a name of its own, which is not known here.
    const hint = queue === undefined ? undefined : "Its messages start workflows: on: ….received()";
    report.error("EJS2150", `Workflow ${name}: "on" is ${found}, no event.`, { site, word: "on", hint });
    return undefined;
  }
  const entity = context.drafts.get(trigger.entity)?.entity;
  if (entity === undefined) return undefined;
  if (!entity.events) {
    const message = `Workflow ${name}: ${entity.name} writes no events.`;
    report.error("EJS2152", message, { site: trigger.site, hint: `Remove events: false from ${entity.name}.` });
  }
  if (trigger.event === "action" && !entity.actions.some((action) => action.name === trigger.action)) {
    const actions = entity.actions.map((action) => action.name);
    const message = `Workflow ${name}: ${entity.name} has no action ${shown(trigger.action)}.`;
    const event = { create: "created", update: "updated", delete: "deleted" }[String(trigger.action)];
    const hint =
      event === undefined
        ? suggestion(trigger.action, actions, `Actions of ${entity.name}`)
        : `A row's ${trigger.action} is no action: write ${entity.name}.${event}() in place of ${entity.name}.on("${trigger.action}").`;
    report.error("EJS2151", message, { site: trigger.site, word: trigger.action, hint });
    return undefined;
  }
  const condition = conditionOf(trigger, name, context, tools);
  return {
    kind: "model",
    entity: entity.name,
    event: trigger.event,
    ...(trigger.action === undefined ? {} : { action: trigger.action }),
    ...(condition === undefined ? {} : { condition }),
  };
}

/** What an event knows of its row. */
const PARTS = {
  create: ["after"],
  update: ["before", "after", "changed"],
  delete: ["before"],
  action: ["before", "after", "changed"],
} as const;

function conditionOf(
  { condition, entity, event }: TriggerDeclaration,
  name: string,
  { drafts }: BuildContext,
  { callbacks, expressions, environments }: Parameters<typeof triggerOf>[2],
): string | undefined {
  const draft = drafts.get(entity);
  if (condition === undefined || draft === undefined) return undefined;
  const what = `Workflow ${name}, condition`;
  const parts = PARTS[event];
  const written = callbacks.expression(condition, { names: [...parts, "actor"] }, what);
  if (written === undefined) return undefined;
  expressions.check(written, environments.trigger(draft.entity, parts), { kind: "bool" });
  return written.text;
}
