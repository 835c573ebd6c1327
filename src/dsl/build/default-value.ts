/** A field's constant default as JSON: bigints and decimals as strings. */
import type { Decimal } from "../../expression/decimal.ts";
import { formatDecimal, parseDate, parseDecimal, parseTimestamp } from "../../expression/index.ts";
import { compilePattern, matchesPattern } from "../../expression/pattern.ts";
import type { Field, System } from "../../model/index.ts";
import { SLUG } from "./constraints.ts";

type Json = Extract<NonNullable<Field["default"]>, { kind: "value" }>["value"];

/** The constant, or what would fit instead. */
export type DefaultValue = { readonly value: Json } | { readonly allowed: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads a constant as a value of the field's type. */
export function defaultValue(value: unknown, { type }: Field, system: System): DefaultValue {
  if (type.kind !== "scalar") return { allowed: "a callback over the actor" };
  switch (type.scalar) {
    case "text":
      return text(value, type);
    case "slug":
      return slug(value, type.max ?? 100);
    case "uuid":
      return given(typeof value === "string" && UUID.test(value) ? value.toLowerCase() : undefined, "a UUID");
    case "integer":
      return given(isInteger(value, 32) ? Number(value) : undefined, "a whole number of 32 bits");
    case "bigint":
    case "money":
      return given(isInteger(value, 64) ? String(value) : undefined, "a whole number of 64 bits");
    case "decimal": {
      const parsed = ["number", "bigint", "string"].includes(typeof value) ? parseDecimal(String(value)) : undefined;
      if (parsed === undefined) return { allowed: 'a decimal: "1.50"' };
      const digits = `a decimal of at most ${type.precision - type.scale} digits before the point and ${type.scale} after it`;
      return given(holds(type, parsed) ? formatDecimal(parsed) : undefined, digits);
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

/** Whether a column keeps the number as it is: neither too large nor rounded. */
function holds({ precision, scale }: { readonly precision: number; readonly scale: number }, value: Decimal): boolean {
  const [whole = "", fraction = ""] = formatDecimal(value).replace("-", "").split(".");
  return whole.replace(/^0+/, "").length <= precision - scale && fraction.replace(/0+$/, "").length <= scale;
}

interface TextLimits {
  readonly max?: number | undefined;
  readonly min?: number | undefined;
  readonly pattern?: string | undefined;
}

function text(value: unknown, { max, min = 0, pattern }: TextLimits): DefaultValue {
  if (typeof value !== "string" || !value.isWellFormed() || value.includes("\0")) return { allowed: "a text" };
  const { length } = [...value];
  if (length < min || (max !== undefined && length > max)) {
    return { allowed: `a text of ${min} to ${max ?? "any number of"} characters` };
  }
  if (pattern !== undefined && !matches(value, pattern)) return { allowed: `a text that matches ${pattern}` };
  return { value };
}

function slug(value: unknown, max: number): DefaultValue {
  const fits = typeof value === "string" && value.length <= max && matches(value, SLUG);
  return given(fits ? value : undefined, `letters and digits, joined by - . or _, at most ${max} characters`);
}

function matches(value: string, pattern: string): boolean {
  const compiled = compilePattern(pattern);
  // A pattern that cannot be is reported where it stands.
  return !compiled.ok || matchesPattern(compiled.pattern, value);
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
