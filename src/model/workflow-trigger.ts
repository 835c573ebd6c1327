/** What starts a run. Each kind is an event in the log: a run always follows one. */
import { z } from "zod";
import { cronProblem } from "./cron.ts";
import { entityName, fieldName, slugName } from "./names.ts";

/** A change of an entity's rows, whoever wrote it. */
const modelTrigger = z.strictObject({
  kind: z.literal("model"),
  entity: entityName,
  event: z.enum(["create", "update", "delete", "action"]),
  /** With `event: "action"`. */
  action: fieldName.optional(),
  /** Over `before`, `after` and `actor`; unknown is false. */
  condition: z.string().optional(),
});

/** Ticks that were missed while nobody was there: none of them, the last one, or all up to so many. */
const catchUp = z.union([z.literal("none"), z.literal("one"), z.strictObject({ most: z.int().min(1).max(1000) })]);

/** Every so often, counted from 1970: one run per tick, however many schedulers there are. */
const intervalTrigger = z.strictObject({ kind: z.literal("interval"), everyMs: z.int().min(1000), catchUp });

const cronTrigger = z.strictObject({
  kind: z.literal("cron"),
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  expression: z.string().refine((text) => cronProblem(text) === undefined, "no cron expression of five fields"),
  /** An IANA zone: `Europe/Berlin`. */
  zone: z.string(),
  catchUp,
});

/** A time that each row says: two hours before `appointmentAt`. A row that is moved fires at its new time, one that is gone not at all. */
const datetimeTrigger = z.strictObject({
  kind: z.literal("datetime"),
  entity: entityName,
  field: fieldName,
  /** Before the time where it is negative. */
  offsetMs: z.int(),
  /** Over `row`; what does not match when its time has come does not fire. */
  condition: z.string().optional(),
});

/** `enginejs.workflow_start(name, …)`, another workflow, a person: `enginejs.start_workflow(name, …)`. */
const manualTrigger = z.strictObject({
  kind: z.literal("manual"),
  /** The roles of whom may start it; nobody but the platform where it is absent. */
  roles: z.array(z.string()).min(1).optional(),
  /** Whom else it may start: over `actor`, `flags`, `request` and `input`; unknown is false. */
  allow: z.string().optional(),
});

/** `enginejs.workflow_signal(signal, …)`: its payload is the run's input. */
const signalTrigger = z.strictObject({ kind: z.literal("signal"), signal: slugName });

/** A message of a queue: it is the run's input. */
const queueTrigger = z.strictObject({ kind: z.literal("queue"), queue: slugName });

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

/** A request from outside whose signature is checked: its body is the run's input. */
const webhookTrigger = z.strictObject({
  kind: z.literal("webhook"),
  /** The last part of its URL. */
  path: slugName,
  /** The environment variable with the secret that signs. */
  secret: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  /** How: see src/server/webhooks/schemes.ts. */
  scheme: z.enum(["standard-webhooks", "stripe", "github", "hmac-sha256-hex", "hmac-sha256-base64"]),
  /** Of `hmac-sha256-…`: the header with the signature, and the one with the request's id. */
  header: headerName.optional(),
  idHeader: headerName.optional(),
  /** How old a signed time may be. */
  toleranceMs: z.int().positive(),
});

export const trigger = z.discriminatedUnion("kind", [
  modelTrigger,
  intervalTrigger,
  cronTrigger,
  datetimeTrigger,
  manualTrigger,
  signalTrigger,
  webhookTrigger,
  queueTrigger,
]);
type WorkflowTrigger = z.infer<typeof trigger>;

/** Whether whoever starts a run gives it its input; that of others is a row, a tick or a message. */
export const takesInput = ({ kind }: WorkflowTrigger): boolean =>
  kind === "manual" || kind === "signal" || kind === "webhook";

/** The entity whose rows the events of a trigger are about; undefined for triggers without a record. */
export const triggerEntity = (of: WorkflowTrigger): string | undefined =>
  of.kind === "model" || of.kind === "datetime" ? of.entity : undefined;
