/** Constants as SQL, with their type and where they need none. */
import { literal, type SqlExpression } from "../sql-ast/expressions.ts";
import { isConstant } from "./coerce.ts";
import type { Core, LiteralCore } from "./core.ts";
import { formatDecimal } from "./decimal.ts";
import type { SqlContext } from "./sql-context.ts";
import { sqlType } from "./sql-type.ts";
import { formatDate, formatInterval, formatTimestamp } from "./temporal.ts";
import { isText } from "./type-names.ts";

export function printLiteral({ value, type }: LiteralCore): SqlExpression {
  if (value === null) return literal(null, sqlType(type));
  if (typeof value === "boolean") return literal(value);
  if (typeof value === "object") return literal(formatDecimal(value), "numeric");
  if (typeof value === "string") return literal(value, sqlType(type));
  switch (type.kind) {
    case "timestamp":
      return literal(inRange(formatTimestamp(value)), "timestamptz");
    case "date":
      return literal(inRange(formatDate(value)), "date");
    case "duration":
      return literal(formatInterval(value), "interval");
    default:
      return literal(value, "bigint");
  }
}

function inRange(text: string | undefined): string {
  if (text === undefined) throw new RangeError("the constant lies outside the years 1 to 9999");
  return text;
}

/** An operand beside another: a plain constant takes its type from a side that has one, and reads better without a cast. */
export function beside(core: Core, other: Core, context: SqlContext): SqlExpression {
  if (core.kind !== "literal" || isConstant(other)) return context.value(core);
  if (typeof core.value === "bigint" && core.type.kind === "int") return literal(core.value);
  return typeof core.value === "string" && isText(core.type) ? literal(core.value) : context.value(core);
}
