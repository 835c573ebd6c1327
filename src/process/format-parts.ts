/** What the members of a process file are made of. Each says in words what it is: editors show it, and so do findings. */
import { z } from "zod";
import { fieldName, slugName, taskName } from "../model/names.ts";
import { DURATION, durationMs, signedDurationMs } from "./duration.ts";

const capital = z.string().regex(/^[A-Z][A-Za-z0-9]*$/);

/** A type, by its name in `$defs`. */
export const typeName = capital.describe('the name of a type in $defs: "Order"');
export const errorName = capital.describe('the name of an error, a capital letter first: "CardDeclined"');
export const entity = capital.describe('the name of an entity: "Order"');
export const memberName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/)
  .describe("a name of letters, digits, - and _");
export const portName = fieldName.describe('a name of letters and digits, a small letter first: "dueAt"');
export const slug = slugName.describe(
  'a name of letters and digits, parts joined by - _ or a dot, a small letter first: "orders.place"',
);
export const task = taskName.describe(
  'the name of a task, as its file below tasks/ is called: "send-mail", "payments/create-charge"',
);
export const nodeId = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,62}$/)
  .describe('the id of a node, at most 63 letters and digits, a small letter first: "chargeCard"');

/** CEL over the names of the node's `in` ports, `actor` and `flags`. */
export const expression = z.string().min(1).max(20_000).describe('an expression, as a text: "order.total > 0"');
export const expressions = z
  .record(portName, expression)
  .describe('an object of expressions by name, each a text: {"total": "order.total"}');
export const ports = z
  .record(portName, typeName)
  .describe('an object of ports, each with the name of its type in $defs: {"order": "Order"}');

export const duration = z
  .string()
  .regex(DURATION, { abort: true })
  .refine((text) => durationMs(text) !== undefined, "a duration is at least a millisecond and at most 100 years")
  .describe('a duration of fixed length, as ISO 8601 writes it: "PT30S", "PT10M", "P3D"; no months, no years');

/** Before a time where it is negative. */
export const signedDuration = z
  .string()
  .regex(new RegExp(DURATION.source.replace("^", "^[-+]?")), { abort: true })
  .refine((text) => signedDurationMs(text) !== undefined, "a duration is at most 100 years")
  .describe(
    'a duration of fixed length, as ISO 8601 writes it, with "-" before the time: "-PT2H", "P3D"; no months, no years',
  );

export const retry = z
  .strictObject({
    attempts: z.int().min(1).max(1000).optional(),
    backoff: z.enum(["exponential", "fixed"]).optional(),
    initial: duration.optional(),
    max: duration.optional(),
  })
  .refine(
    ({ initial, max }) => (durationMs(initial ?? "") ?? 0) <= (durationMs(max ?? "") ?? Number.POSITIVE_INFINITY),
    {
      message: "initial is longer than max",
      path: ["initial"],
    },
  );
export type ProcessRetry = z.infer<typeof retry>;

export const host = z
  .string()
  .regex(/^(\*|[a-z0-9.-]+(:\d{1,5})?)$/)
  .describe('a host, in small letters: "api.example.com", or "*"');
export const methods = z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
