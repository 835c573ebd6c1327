/** What a process file says of its trigger, and what the model keeps of it: lengths of time as ISO 8601, left out what is usual. */
import { z } from "zod";
import { cronHint, cronNever, cronProblem } from "../model/cron.ts";
import type { Workflow } from "../model/index.ts";
import { milliseconds, signedDurationMs } from "./duration.ts";
import { duration, entity, expression, portName, signedDuration, slug } from "./format-parts.ts";

type Trigger = Workflow["trigger"];

/** Lengths of time may be said in milliseconds, too; `enginejs fmt` writes them as ISO 8601 does. */
export const inMs = (least: number) =>
  z.int().min(least).optional().describe(`a whole number of milliseconds from ${least} on`);

/** That a length of time is said once, as one of the two; `required` where there is no usual one. */
export function once<T extends object>(name: keyof T & string, required = false) {
  const other = `${name}Ms` as keyof T & string;
  return (given: T, context: z.core.$RefinementCtx): void => {
    if (given[name] !== undefined && given[other] !== undefined) {
      const message = `${name} says it already: one of the two`;
      context.addIssue({ code: "custom", message, path: [other] });
    }
    if (required && given[name] === undefined && given[other] === undefined) {
      context.addIssue({ code: "custom", message: `it has no ${name}`, path: [name] });
    }
  };
}

const catchUp = z
  .union([z.literal("none"), z.literal("one"), z.strictObject({ most: z.int().min(1).max(1000) })])
  .optional();

const modelTrigger = z.strictObject({
  kind: z.literal("model"),
  entity,
  event: z.enum(["create", "update", "delete", "action"]),
  action: portName.optional(),
  condition: expression.optional(),
});

const intervalTrigger = z
  .strictObject({
    kind: z.literal("interval"),
    every: duration
      .refine((text) => milliseconds(text) >= 1000, "it is at least a second: PT1S")
      .describe(
        'a duration of fixed length from a second on, as ISO 8601 writes it: "PT5M", "P1D"; no months, no years',
      )
      .optional(),
    everyMs: inMs(1000),
    catchUp,
  })
  .superRefine(once("every", true))
  .transform(
    ({ kind, every, everyMs, catchUp: missed = "one" }): Trigger => ({
      kind,
      everyMs: everyMs ?? milliseconds(every ?? ""),
      catchUp: missed,
    }),
  );

const cronTrigger = z
  .strictObject({
    kind: z.literal("cron"),
    expression: z
      .string()
      .superRefine((text, context) => {
        const problem = cronProblem(text) ?? cronNever(text);
        if (problem === undefined) return;
        const hint = cronHint(text);
        context.addIssue({ code: "custom", message: `the cron expression ${problem}`, params: { hint } });
      })
      .describe('a cron expression of five fields, minute, hour, day, month, day of the week: "0 9 * * MON"'),
    zone: z.string().describe('a time zone of the IANA\'s: "Europe/Berlin"'),
    catchUp,
  })
  .transform(
    ({ expression: text, catchUp: missed = "one", ...rest }): Trigger => ({
      ...rest,
      expression: text.trim(),
      catchUp: missed,
    }),
  );

const datetimeTrigger = z
  .strictObject({
    kind: z.literal("datetime"),
    entity,
    field: portName,
    offset: signedDuration.optional(),
    offsetMs: z.int().optional(),
    condition: expression.optional(),
  })
  .superRefine(once("offset"))
  .transform(
    ({ kind, entity: of, field, offset, offsetMs, condition }): Trigger => ({
      kind,
      entity: of,
      field,
      offsetMs: offsetMs ?? signedDurationMs(offset ?? "PT0S") ?? 0,
      ...(condition === undefined ? {} : { condition }),
    }),
  );

const manualTrigger = z.strictObject({
  kind: z.literal("manual"),
  roles: z.array(z.string().describe("the name of a role")).min(1).optional(),
  allow: expression.optional(),
});

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/)
  .describe('the name of a header: "X-Signature"');

const webhookTrigger = z
  .strictObject({
    kind: z.literal("webhook"),
    path: slug,
    secret: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/)
      .describe('the name of an environment variable: "HOOK_SECRET"'),
    scheme: z.enum(["standard-webhooks", "stripe", "github", "hmac-sha256-hex", "hmac-sha256-base64"]),
    header: headerName.optional(),
    idHeader: headerName.optional(),
    tolerance: duration.optional(),
    toleranceMs: inMs(1),
  })
  .superRefine(once("tolerance"))
  .transform(
    ({ tolerance = "PT5M", toleranceMs = milliseconds(tolerance), ...rest }): Trigger => ({ ...rest, toleranceMs }),
  );

/** A trigger as a file has it; what comes out is the model's. */
export const fileTrigger = z.discriminatedUnion("kind", [
  modelTrigger,
  intervalTrigger,
  cronTrigger,
  datetimeTrigger,
  manualTrigger,
  z.strictObject({ kind: z.literal("signal"), signal: slug }),
  webhookTrigger,
  z.strictObject({ kind: z.literal("queue"), queue: slug }),
]);
