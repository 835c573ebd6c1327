import { z } from "zod";
import { workflowError } from "../errors/workflow-error.ts";
import { exactNumbersAsNumbers } from "./exact-json.ts";

type Schema = Readonly<Record<string, unknown>>;

/** By the schema of a definition. */
const schemas = new WeakMap<object, z.ZodType | undefined>();

/**
 * Whether a server's answer is what the step says of it: else later steps would read null where they expect a value.
 *
 * @param what for the message: `Workflow ship, step ask: GET api.example.com`
 * @throws EJS6023 with each path that does not fit
 */
export function requireAnswer(schema: unknown, body: unknown, what: string): void {
  const result = schemaOf(schema)?.safeParse(exactNumbersAsNumbers(body));
  if (result === undefined || result.success) return;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  throw workflowError("EJS6023", `${what} answers what does not fit: ${issues.join("; ")}.`, { cause: result.error });
}

function schemaOf(schema: unknown): z.ZodType | undefined {
  if (!isObject(schema)) return undefined;
  if (!schemas.has(schema)) schemas.set(schema, zodOf(schema));
  return schemas.get(schema);
}

function zodOf(schema: Schema): z.ZodType | undefined {
  try {
    return z.fromJSONSchema(open(schema) as never);
  } catch {
    // Said by hand, with words that zod does not know.
    return undefined;
  }
}

/** Servers give more than somebody asks for, and leave out what has a default. */
function open(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(open);
  if (!isObject(part)) return part;
  const { additionalProperties, required, ...rest } = part;
  const opened = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, open(value)]));
  const { properties } = part;
  const needed = Array.isArray(required)
    ? required.filter((name) => !(isObject(properties) && isObject(properties[name]) && "default" in properties[name]))
    : required;
  return {
    ...opened,
    ...(additionalProperties === undefined || additionalProperties === false
      ? {}
      : { additionalProperties: open(additionalProperties) }),
    ...(needed === undefined ? {} : { required: needed }),
  };
}

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
