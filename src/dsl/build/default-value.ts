/** A field's constant default as JSON: bigints and decimals as strings. */
import { formatDecimal, parseDate, parseDecimal, parseTimestamp } from "../../expression/index.ts";
import type { Field, System } from "../../model/index.ts";

type Json = Extract<NonNullable<Field["default"]>, { kind: "value" }>["value"];

/** The constant, or what would fit instead. */
export type DefaultValue = { readonly value: Json } | { readonly allowed: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads a constant as a value of the field's type. */
export function defaultValue(value: unknown, { type }: Field, system: System): DefaultValue {
  if (type.kind !== "scalar") return { allowed: "a callback over the actor" };
  switch (type.scalar) {
    case "text":
    case "slug":
      return text(value, type);
    case "uuid":
      return given(typeof value === "string" && UUID.test(value) ? value.toLowerCase() : undefined, "a UUID");
    case "integer":
      return given(isInteger(value, 32) ? Number(value) : undefined, "a whole number of 32 bits");
    case "bigint":
    case "money":
      return given(isInteger(value, 64) ? String(value) : undefined, "a whole number of 64 bits");
    case "decimal": {
      const parsed = ["number", "bigint", "string"].includes(typeof value) ? parseDecimal(String(value)) : undefined;
      return given(parsed === undefined ? undefined : formatDecimal(parsed), 'a decimal: "1.50"');
    }
    case "boolean":
      return given(typeof value === "boolean" ? value : undefined, "true or false");
    case "date":
      return given(
        typeof value === "string" && parseDate(value) !== undefined ? value : undefined,
        'a day: "2026-06-01"',
      );
    case "timestamp":
      return given(
        typeof value === "string" && parseTimestamp(value) !== undefined ? value : undefined,
        'a moment: "2026-06-01T12:00:00Z"',
      );
    case "json":
      return json(value);
    case "roles": {
      const roles = system.roles.filter(({ of }) => of === "tenant").map(({ name }) => name);
      const fits = Array.isArray(value) && value.every((name) => roles.includes(name));
      return given(fits ? [...value] : undefined, `a list of ${roles.join(", ")}`);
    }
    default:
      return type satisfies never;
  }
}

const given = (value: Json | undefined, allowed: string): DefaultValue =>
  value === undefined ? { allowed } : { value };

function isInteger(value: unknown, bits: number): boolean {
  if (typeof value === "number" ? !Number.isSafeInteger(value) : typeof value !== "bigint") return false;
  return BigInt.asIntN(bits, BigInt(value as number | bigint)) === BigInt(value as number | bigint);
}

function text(
  value: unknown,
  { max, min = 0 }: { readonly max?: number | undefined; readonly min?: number | undefined },
) {
  if (typeof value !== "string" || !value.isWellFormed() || value.includes("\0")) return { allowed: "a text" };
  const { length } = [...value];
  if (length < min || (max !== undefined && length > max)) {
    return { allowed: `a text of ${min} to ${max ?? "any number of"} characters` };
  }
  return { value };
}

function json(value: unknown): DefaultValue {
  try {
    const printed = JSON.stringify(value);
    if (printed?.isWellFormed() && !printed.includes("\\u0000")) return { value: JSON.parse(printed) };
  } catch {
    // A circle, or a bigint.
  }
  return { allowed: "plain JSON" };
}
