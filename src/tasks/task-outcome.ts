/** Which way out of its step a task has chosen, and what it gives there. */
import { z } from "zod";
import { isOutcome } from "../dsl/outcome.ts";
import { nearest } from "../errors/nearest.ts";
import { workflowError } from "../errors/workflow-error.ts";
import type { NodeOf } from "../model/index.ts";
import { exactNumbersForSchema, parseExactly, stringifyExactly } from "./exact-json.ts";

type Ports = NonNullable<NodeOf<"task">["ports"]>;

/** The schemas of ports, made once. */
const parsers = new WeakMap<object, ReadonlyMap<string, z.ZodType>>();

/**
 * The result of a step with several ways out: `{ port, <port>: value }`.
 *
 * @param what for messages: `Workflow orders.place, step charge`
 * @throws EJS6004 where the value does not fit the port's schema, EJS6019 where there is no such port
 */
export function taskOutcome(ports: Ports, returned: unknown, what: string): Readonly<Record<string, unknown>> {
  const names = Object.keys(ports);
  const port = isOutcome(returned) ? returned.port : names.length === 1 ? names[0] : "ok";
  const schema = port === undefined ? undefined : parsersOf(ports).get(port);
  if (port === undefined || schema === undefined) {
    const found = isOutcome(returned) ? `the outcome "${port}"` : 'no outcome, and has no "ok"';
    const near = port === undefined ? undefined : nearest(port, names);
    const meant = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw workflowError(
      "EJS6019",
      `${what}: the task returned ${found}; the step goes on by ${names.join(", ")}.${meant}`,
    );
  }
  const given = isOutcome(returned) ? returned.value : returned;
  // Who returns nothing gives an object without members.
  const value = parseExactly(stringifyExactly(given ?? null) ?? "null") ?? (schema.safeParse({}).success ? {} : null);
  const result = schema.safeParse(exactNumbersForSchema(value));
  if (result.success) return { port, [port]: value };
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  throw workflowError("EJS6004", `${what}: what the task gave does not fit "${port}": ${issues.join("; ")}.`);
}

function parsersOf(ports: Ports): ReadonlyMap<string, z.ZodType> {
  const known = parsers.get(ports);
  if (known !== undefined) return known;
  const made = new Map(
    Object.entries(ports).map(([name, schema]) => [
      name,
      z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]),
    ]),
  );
  parsers.set(ports, made);
  return made;
}
