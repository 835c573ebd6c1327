/** What the format knows at a place of a file: the members of an object, by the schema. */
import { z } from "zod";
import type { Path } from "./process-source.ts";

/** The members that an object at a place may have; of several forms those of all that fit its own `op` or `kind`. */
export function membersAt(schema: z.core.$ZodType, value: unknown, path: Path): readonly string[] {
  const [part, ...rest] = path;
  const inner = bare(schema);
  if (inner instanceof z.ZodUnion) {
    const options = (inner.options as readonly z.core.$ZodType[]).filter((option) => fits(option, value));
    return [...new Set(options.flatMap((option) => membersAt(option, value, path)))];
  }
  if (part === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const next = schemaOf(inner, part);
  const below =
    typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[part] : undefined;
  return next === undefined ? [] : membersAt(next, below, rest);
}

function schemaOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.core.$ZodType>)[part];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(part)];
  return undefined;
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional) return bare(schema.unwrap());
  if (schema instanceof z.ZodLazy) return bare(schema.unwrap());
  return schema;
}

/** Whether a value says by its `op` or `kind` that it is of this form. */
function fits(option: z.core.$ZodType, value: unknown): boolean {
  const schema = bare(option);
  if (!(schema instanceof z.ZodObject) || typeof value !== "object" || value === null) return false;
  for (const name of ["op", "kind"]) {
    const literal = (schema.shape as Record<string, z.core.$ZodType>)[name];
    if (literal instanceof z.ZodLiteral && Object.hasOwn(value, name))
      return literal.values.has((value as Record<string, never>)[name] as never);
  }
  return true;
}
