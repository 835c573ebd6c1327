/** What comes from outside against what a step says of it. */
import { z } from "zod";
import { exactNumbersForSchema } from "./exact-json.ts";

type Schema = Readonly<Record<string, unknown>>;

/** By the schema of a definition. */
const schemas = new WeakMap<object, z.ZodType | undefined>();

/** Each path of a value that a JSON Schema does not let pass, and why: more than it says is no misfit. */
export function schemaMisfits(schema: unknown, value: unknown): readonly string[] {
  const result = schemaOf(schema)?.safeParse(exactNumbersForSchema(value));
  if (result === undefined || result.success) return [];
  return result.error.issues
    .flatMap(whereNotNull)
    .map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
}

/** Of a value that may be null and is not, why it is not what it may be beside: "Invalid input" says nothing. */
function whereNotNull(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length !== 2) return [issue];
  const [reasons, [orNull]] = issue.errors as [z.core.$ZodIssue[], z.core.$ZodIssue[]];
  if (orNull?.code !== "invalid_type" || orNull.expected !== "null" || orNull.path.length > 0) return [issue];
  return reasons.map((reason) => ({ ...reason, path: [...issue.path, ...reason.path] })).flatMap(whereNotNull);
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

/** Others give more than somebody asks for, leave out what has a default, and say null of what may be absent: later steps see null either way. */
function open(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(open);
  if (!isObject(part)) return part;
  const { additionalProperties, required, properties, ...rest } = part;
  const opened = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, VALUES.includes(key) ? value : open(value)]),
  );
  if (isObject(additionalProperties)) opened.additionalProperties = open(additionalProperties);
  if (!isObject(properties)) return required === undefined ? opened : { ...opened, required };
  const names = Array.isArray(required) ? required : [];
  const needed = names.filter((name) => !(isObject(properties[name]) && "default" in properties[name]));
  const members = Object.entries(properties).map(([name, schema]) => [
    name,
    needed.includes(name) ? open(schema) : { anyOf: [open(schema), { type: "null" }] },
  ]);
  return { ...opened, properties: Object.fromEntries(members), required: needed };
}

/** Keywords that hold values and no schemas. */
const VALUES = ["enum", "const", "default", "examples"];

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
