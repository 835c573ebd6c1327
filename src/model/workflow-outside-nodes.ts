/** Steps that touch the outside: at least once, each under the stable idempotency key `run:step`. */
import { z } from "zod";
import { taskName } from "./names.ts";
import { attempted, expressions, identified, schemas } from "./workflow-node-parts.ts";

/** Calls a task file; its result is what the task returns. */
export const taskNode = z.strictObject({
  ...attempted,
  kind: z.literal("task"),
  task: taskName,
  input: expressions,
  /** The ways out that the task chooses by `outcome(port, value)`, each with its value's schema; the result is then `{ port, <port>: value }`. */
  ports: schemas.optional(),
  /** In place of `run:step`: the same for every attempt, as long as what it reads is. */
  idempotencyKey: z.string().optional(),
});

/** Writes a line to the worker's log. */
export const logNode = z.strictObject({
  ...identified,
  kind: z.literal("log"),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  values: expressions,
});

/** Asks a server; its result is `{ status, headers, body }`. Private addresses are refused unless allowed. */
export const httpNode = z.strictObject({
  ...attempted,
  kind: z.literal("http.request"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
  url: z.string(),
  /** Names of headers, each with an expression. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()),
  /** Sent as a JSON object. */
  body: expressions.optional(),
  /** The environment variable with the secret that signs the body, as Standard Webhooks say. */
  secret: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional(),
  /** Hosts whose private address is allowed: `localhost`, `10.0.0.5`, `billing.internal`. */
  privateHosts: z.array(z.string()),
  /** Statuses that are an answer and no failure; 200 to 299 where it is empty. */
  accept: z.array(z.int().min(100).max(599)),
  /** The JSON Schema of the answer's body, where it is known: later steps can name its members then. */
  response: z.json().optional(),
});
