/**
 * How a value takes a type from its context: constants become uuids, states,
 * decimals, timestamps; int widens to decimal; a state is a string.
 */
import { nearest } from "../errors/nearest.ts";
import { type CheckContext, type Checked, listNames } from "./check-context.ts";
import type { Core, LiteralCore } from "./core.ts";
import { decimal, parseDecimal } from "./decimal.ts";
import { parseDate, parseDuration, parseTimestamp } from "./temporal.ts";
import { describeType, isText, sameType } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The core with the type, `"mismatch"` where it cannot have it, undefined where an error was reported. */
export type Coerced = Checked | "mismatch";

/** Gives a value the type of its context. */
export function coerce(core: Core, type: ExpressionType, context: CheckContext): Coerced {
  if (core.kind === "literal" && core.type.kind === "null") return { ...core, type };
  if (core.kind === "literal" && core.type.kind === "string" && typeof core.value === "string") {
    return coerceText(core, core.value, type, context);
  }
  if (sameType(core.type, type)) return core;
  if (core.kind === "literal" && type.kind === "decimal" && typeof core.value === "bigint") {
    return { ...core, type, value: decimal(core.value) };
  }
  if (core.kind === "conditional") {
    const then = coerce(core.then, type, context);
    const otherwise = coerce(core.otherwise, type, context);
    if (then === "mismatch" || otherwise === "mismatch") return "mismatch";
    return then === undefined || otherwise === undefined ? undefined : { ...core, type, then, otherwise };
  }
  if (core.kind === "list" && type.kind === "list") {
    const items = core.items.map((item) => coerce(item, type.of, context));
    if (items.includes("mismatch")) return "mismatch";
    return items.includes(undefined) ? undefined : { ...core, type, items: items as Core[] };
  }
  if (core.type.kind === "int" && type.kind === "decimal") return convert(core, type);
  if (core.type.kind === "enum" && type.kind === "string") return convert(core, type);
  if (core.type.kind === "enum" && type.kind === "enum") {
    const { values } = type;
    return core.type.values.every((value) => values.includes(value)) ? convert(core, type) : "mismatch";
  }
  return "mismatch";
}

export const convert = (operand: Core, type: ExpressionType): Core =>
  sameType(operand.type, type)
    ? operand
    : { kind: "convert", operand, type, nullable: operand.nullable, range: operand.range };

function coerceText(core: LiteralCore, text: string, type: ExpressionType, context: CheckContext): Coerced {
  const as = (value: LiteralCore["value"] | undefined, example: string): Checked =>
    value === undefined
      ? context.report("EJS2019", `${JSON.stringify(text)} is not a ${type.kind}.`, core.range, `Write ${example}.`)
      : { ...core, type, value };
  switch (type.kind) {
    case "string":
      return core;
    case "uuid":
      return as(UUID.test(text) ? text.toLowerCase() : undefined, '"018f6a5e-2f3b-7c4d-8e9f-0a1b2c3d4e5f"');
    case "decimal":
      return as(parseDecimal(text), '1.5 or "1.5"');
    case "timestamp":
      return as(parseTimestamp(text), 'timestamp("2026-06-01T12:00:00Z"), with an offset');
    case "date":
      return as(parseDate(text), 'date("2026-06-01")');
    case "duration":
      return as(parseDuration(text), 'duration("36h"), "1h30m" or "2d"');
    case "enum": {
      if (type.values.includes(text)) return { ...core, type };
      const near = nearest(text, type.values);
      return context.report(
        "EJS2020",
        `${JSON.stringify(text)} is not one of the allowed values.`,
        core.range,
        `${near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `}Allowed: ${listNames(type.values)}.`,
      );
    }
    default:
      return "mismatch";
  }
}

/** Whether a value is made of constants only, so that its type follows the other side and not the other way round. */
export function isConstant(core: Core): boolean {
  if (core.kind === "literal") return true;
  if (core.kind === "conditional") return isConstant(core.then) && isConstant(core.otherwise);
  return core.kind === "list" && core.items.every(isConstant);
}

/** Gives two values one type, whichever side the constant is on; `"mismatch"` where there is none. */
export function unify(left: Core, right: Core, context: CheckContext): [Core, Core] | "mismatch" | undefined {
  // The constant follows the other side; of two constants the one that can.
  const leftFirst = isConstant(left) && (!isConstant(right) || left.type.kind === "null");
  for (const moveLeft of [leftFirst, !leftFirst]) {
    const moved = moveLeft ? coerce(left, right.type, context) : coerce(right, left.type, context);
    if (moved === undefined) return undefined;
    if (moved !== "mismatch") return moveLeft ? [moved, right] : [left, moved];
  }
  if (isText(left.type) && isText(right.type)) {
    // Two different lists of states: comparable as text where they share a value.
    const shared =
      left.type.kind !== "enum" ||
      right.type.kind !== "enum" ||
      left.type.values.some((value) => right.type.kind === "enum" && right.type.values.includes(value));
    return shared ? [convert(left, { kind: "string" }), convert(right, { kind: "string" })] : "mismatch";
  }
  return "mismatch";
}

/** Gives a value the type that its place needs, or reports EJS2010. */
export function expectType(core: Core, type: ExpressionType, context: CheckContext, hint?: string): Checked {
  const coerced = coerce(core, type, context);
  if (coerced !== "mismatch") return coerced;
  const narrowed = core.type.kind === "decimal" && type.kind === "int";
  return context.report(
    "EJS2010",
    `Expected ${describeType(type)}, found ${describeType(core.type)}.`,
    core.range,
    hint ?? (narrowed ? "A decimal is not rounded silently." : undefined),
  );
}
