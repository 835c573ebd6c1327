/** The evaluator's values: how each type is held, ordered, and read from what JSON and drivers give. */
import { compareDecimals, type Decimal, decimal, isDecimal, parseDecimal } from "./decimal.ts";
import { parseDate, parseDuration, parseTimestamp } from "./temporal.ts";
import type { ExpressionType } from "./types.ts";

/** A row as the evaluator takes it: its fields by name; a to-one relation is a row or null, a to-many one an array. */
export interface EvaluatedRow {
  readonly [field: string]: unknown;
}

export type Value = null | boolean | bigint | string | Decimal | readonly Value[] | EvaluatedRow;

/**
 * Reads a value of a type, in the evaluator's own form or in the one that JSON
 * and database drivers use: numbers for ints, strings for decimals, dates and
 * timestamps, `Date`. Undefined where it does not fit.
 */
export function readValue(given: unknown, type: ExpressionType): Value | undefined {
  if (given === null || given === undefined) return null;
  switch (type.kind) {
    case "bool":
      return typeof given === "boolean" ? given : undefined;
    case "int":
      return readInt(given);
    case "decimal":
      if (isDecimal(given)) return given;
      if (typeof given === "bigint") return decimal(given);
      return typeof given === "string" || typeof given === "number" ? parseDecimal(String(given)) : undefined;
    case "string":
    case "enum":
      return typeof given === "string" ? given : undefined;
    case "uuid":
      return typeof given === "string" ? given.toLowerCase() : undefined;
    case "timestamp":
      if (given instanceof Date) return BigInt(given.getTime()) * 1000n;
      return typeof given === "string" ? parseTimestamp(given) : microseconds(given);
    case "date":
      return typeof given === "string" ? parseDate(given) : microseconds(given);
    case "duration":
      return typeof given === "string" ? parseDuration(given) : microseconds(given);
    case "list":
      return Array.isArray(given) ? readList(given, type.of) : undefined;
    case "json":
      return given as Value;
    case "record":
    case "row":
      return typeof given === "object" ? (given as EvaluatedRow) : undefined;
    case "rows":
      return Array.isArray(given) ? given : undefined;
    case "null":
      return null;
    default:
      return type satisfies never;
  }
}

function readInt(given: unknown): bigint | undefined {
  if (typeof given === "bigint") return given;
  if (typeof given === "number") return Number.isSafeInteger(given) ? BigInt(given) : undefined;
  // node-pg gives bigint as a string.
  return typeof given === "string" && /^-?[0-9]{1,19}$/.test(given) ? BigInt(given) : undefined;
}

const microseconds = (given: unknown): bigint | undefined => (typeof given === "bigint" ? given : undefined);

function readList(given: readonly unknown[], type: ExpressionType): readonly Value[] | undefined {
  const items = given.map((item) => readValue(item, type));
  return items.includes(undefined) ? undefined : (items as Value[]);
}

/** Negative, zero or positive; both values are of one scalar type and not null. */
export function compareValues(a: Value, b: Value): number {
  if (isDecimal(a) && isDecimal(b)) return compareDecimals(a, b);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  return a === b ? 0 : a === false ? -1 : 1;
}

/** By code points, as `collate "C"` does in UTF-8; JavaScript's own `<` compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  for (;;) {
    const x = left.next();
    const y = right.next();
    if (x.done || y.done) return x.done ? (y.done ? 0 : -1) : 1;
    const difference = (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}
