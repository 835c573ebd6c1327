/** Triggers without a change of rows: the clock, signals, requests from outside. */
import type { z } from "zod";
import { declared } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import type { EnvironmentValue } from "./setting.ts";
import { captureSite, type Site } from "./site.ts";
import type { GivenInput, Trigger } from "./trigger.ts";
import type { Duration } from "./workflow-options.ts";

/** Ticks that were missed while no worker was there: none of them, the last one, or the last few. */
export type CatchUp = "none" | "one" | { readonly atMost: number };

export interface ClockTriggerDeclaration {
  readonly kind: "clock-trigger";
  readonly site: Site | undefined;
  /** As the user gave them. */
  readonly every?: unknown;
  readonly cron?: { readonly expression: unknown; readonly zone: unknown };
  readonly options: unknown;
}

export interface MomentTriggerDeclaration {
  readonly kind: "moment-trigger";
  readonly site: Site | undefined;
  readonly entity: string;
  readonly field: unknown;
  readonly offset: unknown;
  readonly condition?: CallbackAt;
}

export interface SignalTriggerDeclaration {
  readonly kind: "signal-trigger";
  readonly site: Site | undefined;
  readonly signal: unknown;
  readonly input: z.ZodType | undefined;
}

export interface WebhookTriggerDeclaration {
  readonly kind: "webhook-trigger";
  readonly site: Site | undefined;
  readonly path: unknown;
  readonly options: unknown;
}

type Tick = Trigger<never, GivenInput<{ scheduledFor: Date }>>;

/**
 * Every so often, counted from 1970 in UTC: `every("1d")` is midnight in UTC. One run per tick, however many workers there are;
 * `input.scheduledFor` is the tick. The workflow says whose rights it has: `as: "system"`, or `impersonate(…)`.
 *
 * @param options `catchUp`: what becomes of ticks that no worker was there for, `"one"` unless given
 * @example workflow("poll-bank", { on: every("5m"), as: "system", steps: (flow) => flow.task("poll", "poll-bank") })
 */
export function every(length: Duration, options: { readonly catchUp?: CatchUp } = {}): Tick {
  const declaration: ClockTriggerDeclaration = { kind: "clock-trigger", site: captureSite(), every: length, options };
  return declared<ClockTriggerDeclaration, Tick>(declaration, {});
}

/**
 * By a cron expression of five fields, minute, hour, day of the month, month, day of the week, in an IANA time zone. Where clocks
 * are put forward, a time that is skipped runs as long after midnight as it was meant to: 02:30 at 03:30. Where they are put
 * back, a time that comes twice runs the first time. An hour of `*` follows the time that passes: nothing twice, nothing left out.
 *
 * @example workflow("monday-report", { on: cron("0 9 * * 1", "Europe/Berlin"), as: "system", steps: (flow) => flow.task("make", "make-report") })
 */
export function cron(expression: string, zone: string, options: { readonly catchUp?: CatchUp } = {}): Tick {
  const site = captureSite();
  const declaration: ClockTriggerDeclaration = { kind: "clock-trigger", site, cron: { expression, zone }, options };
  return declared<ClockTriggerDeclaration, Tick>(declaration, {});
}

/** Makes the trigger of `Invoice.at("dueAt", "-2d")`. */
export function makeMomentTrigger(entity: string, field: unknown, offset: unknown, condition?: CallbackAt["callback"]) {
  const site = captureSite();
  return declared<MomentTriggerDeclaration, object>(
    {
      kind: "moment-trigger",
      site,
      entity,
      field,
      offset,
      ...(condition === undefined ? {} : { condition: { site, callback: condition } }),
    },
    {},
  );
}

/**
 * By a signal: `enginejs.workflow_signal("delivered", key, payload)`. The payload is the run's input.
 *
 * @param input what the payload is, as a zod schema
 * @example workflow("close-order", { on: signal("delivered", z.object({ order: z.uuid() })), as: "system", steps: … })
 */
export function signal<T extends z.ZodType = z.ZodUnknown>(
  name: string,
  input?: T,
): Trigger<never, GivenInput<z.output<T>>> {
  const declaration: SignalTriggerDeclaration = { kind: "signal-trigger", site: captureSite(), signal: name, input };
  return declared<SignalTriggerDeclaration, Trigger<never, GivenInput<z.output<T>>>>(declaration, {});
}

export interface WebhookOptions<T extends z.ZodType> {
  /** Signs the requests: `env("STRIPE_WEBHOOK_SECRET")`. */
  readonly secret: EnvironmentValue;
  /**
   * How: `standard-webhooks` (webhook-id, webhook-timestamp, webhook-signature), `stripe` (Stripe-Signature), `github`
   * (X-Hub-Signature-256), or the body's HMAC as `hmac-sha256-hex` or `hmac-sha256-base64` in `header`.
   */
  readonly scheme: "standard-webhooks" | "stripe" | "github" | "hmac-sha256-hex" | "hmac-sha256-base64";
  /** Of the last two schemes: the header with the signature. */
  readonly header?: string;
  /** Of the last two schemes: the header with the request's id, which is not signed; without it the signature is the id. */
  readonly idHeader?: string;
  /** How old a signed time may be; `"5m"` unless given. */
  readonly tolerance?: Duration;
  /** What the body is, as a zod schema: one that does not fit is refused. It is the run's input. */
  readonly input?: T;
}

/**
 * By a signed request from outside, `POST /webhooks/<name>`, each once by its id. Answered by 202 as soon as the event is
 * written; its body is the run's input.
 *
 * @example workflow("payment-arrived", { on: webhook("stripe", { secret: env("STRIPE_SECRET"), scheme: "stripe" }), as: "system", steps: … })
 */
export function webhook<T extends z.ZodType = z.ZodUnknown>(
  name: string,
  options: WebhookOptions<T>,
): Trigger<never, GivenInput<z.output<T>>> {
  const declaration: WebhookTriggerDeclaration = { kind: "webhook-trigger", site: captureSite(), path: name, options };
  return declared<WebhookTriggerDeclaration, Trigger<never, GivenInput<z.output<T>>>>(declaration, {});
}
