/** What the format has at a place of a process file, looked up in its schema: which members, and in words what may stand there. */
import { z } from "zod";
import type { Path } from "./process-source.ts";

type Schema = z.core.$ZodType;

/** The members that an object at a place may have; of several forms those of all that fit its own `op` or `kind`. */
export function membersAt(schema: Schema, value: unknown, path: Path): readonly string[] {
  const objects = schemasAt(schema, value, path).flatMap((found) => formsOf(found, valueAt(value, path)));
  return [...new Set(objects.flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : [])))];
}

/** What may stand at a place: `the name of a type in $defs: "Order"`; undefined where the format has nothing there. */
export function wordsAt(schema: Schema, value: unknown, path: Path): string | undefined {
  const words = schemasAt(schema, value, path).map(wordsOf);
  return words.length === 0 ? undefined : [...new Set(words)].join(" or ");
}

/** What the name of a member may be, where members have names of one's own; undefined elsewhere. */
export function keyWordsAt(schema: Schema, value: unknown, path: Path): string | undefined {
  const [record] = formsAt(schema, value, path.slice(0, -1));
  return record instanceof z.ZodRecord ? wordsOf(record.keyType) : undefined;
}

/** The forms that a value at a place may have. */
export const formsAt = (schema: Schema, value: unknown, path: Path): readonly Schema[] =>
  schemasAt(schema, value, path).flatMap((found) => formsOf(found, valueAt(value, path)));

/** What stands at a place; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, part)
        ? (at as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}

function schemasAt(schema: Schema, value: unknown, path: Path): readonly Schema[] {
  const [part, ...rest] = path;
  if (part === undefined) return [schema];
  const below = valueAt(value, [part]);
  return formsOf(schema, value).flatMap((form) => {
    const next = memberOf(form, part);
    return next === undefined ? [] : schemasAt(next, below, rest);
  });
}

function memberOf(schema: Schema, part: string | number): Schema | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, Schema>)[part];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(part)];
  return undefined;
}

/** A schema without what is around it, or those of a union that the value may be meant as. */
function formsOf(schema: Schema, value: unknown): readonly Schema[] {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodUnion)) return [inner];
  const forms = (inner.options as readonly Schema[]).flatMap((option) => formsOf(option, value));
  const fitting = forms.filter((form) => fits(form, value));
  return fitting.length > 0 ? fitting : forms;
}

function bare(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional) return bare(schema.unwrap());
  if (schema instanceof z.ZodLazy) return bare(schema.unwrap());
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  return schema;
}

/** Whether a value says by its `op` or `kind` that it is of this form. */
function fits(schema: Schema, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (!(schema instanceof z.ZodObject)) return false;
  for (const name of ["op", "kind"]) {
    const literal = (schema.shape as Record<string, Schema>)[name];
    if (literal instanceof z.ZodLiteral && Object.hasOwn(value, name))
      return literal.values.has((value as Record<string, never>)[name] as never);
  }
  return true;
}

function wordsOf(schema: Schema): string {
  const said = z.globalRegistry.get(schema)?.description;
  if (said !== undefined) return said;
  const inner = bare(schema);
  if (inner !== schema) return wordsOf(inner);
  if (schema instanceof z.ZodLiteral) return oneOf([...schema.values].map(String));
  if (schema instanceof z.ZodEnum) return oneOf(schema.options.map(String));
  if (schema instanceof z.ZodUnion) return unionWords(schema.options as readonly Schema[]);
  if (schema instanceof z.ZodArray) return `a list, each item ${wordsOf(schema.element)}`;
  if (schema instanceof z.ZodRecord) return `an object, each member ${wordsOf(schema.valueType)}`;
  if (schema instanceof z.ZodObject) return objectWords(schema);
  if (schema instanceof z.ZodNumber) return numberWords(schema);
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodString) {
    const { maxLength } = schema;
    return maxLength === null ? "a text" : `a text of at most ${maxLength} characters`;
  }
  return "another value";
}

const oneOf = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(" or ");

function unionWords(options: readonly Schema[]): string {
  const tags = ["op", "kind"].filter((name) => options.every((option) => memberOf(bare(option), name) !== undefined));
  const [tag] = tags;
  // All of these are objects, told apart by one member.
  if (tag !== undefined) return `an object with "${tag}", and what that asks for`;
  return options.map(wordsOf).join(" or ");
}

function objectWords(schema: z.ZodObject): string {
  const members = Object.entries(schema.shape).map(
    ([name, part]) => `"${name}"${part instanceof z.ZodOptional ? "?" : ""}: …`,
  );
  return `an object: {${members.join(", ")}}`;
}

/** JavaScript's own limits are nobody's wish. */
function numberWords({ minValue, maxValue, def }: z.ZodNumber): string {
  const least = minValue !== null && minValue > Number.MIN_SAFE_INTEGER ? minValue : undefined;
  const most = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER ? maxValue : undefined;
  const isExclusive = def.checks?.some((check) => {
    const { check: kind, inclusive } = check._zod.def as { readonly check?: string; readonly inclusive?: boolean };
    return kind === "greater_than" && inclusive === false;
  });
  const from = least === undefined ? undefined : isExclusive === true ? least + 1 : least;
  const range = from === undefined ? "" : most === undefined ? ` from ${from} on` : ` from ${from} to ${most}`;
  return `a whole number${range}`;
}
