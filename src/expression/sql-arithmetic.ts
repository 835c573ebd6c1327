/** Sums, differences, products and quotients as SQL: of numbers, and of moments and lengths of time. */
import { binary, call, cast, literal, negate, type SqlExpression } from "../sql-ast/expressions.ts";
import { isNonZero } from "./check-arithmetic.ts";
import { isConstant } from "./coerce.ts";
import type { ArithmeticCore, Core, NegateCore } from "./core.ts";
import type { SqlContext } from "./sql-context.ts";
import { beside } from "./sql-literal.ts";

export function printArithmetic(core: ArithmeticCore, context: SqlContext): SqlExpression {
  const { operator, left, right, type } = core;
  if (type.kind === "timestamp") {
    const [instant, duration] = left.type.kind === "timestamp" ? [left, right] : [right, left];
    const sign = operator === "-" ? "-" : "+";
    if (duration.kind === "literal") return binary(sign, context.value(instant), context.value(duration));
    // An interval may hold days, and a day in the session's time zone may have 23 hours: the sum is made in UTC.
    const utc = (node: SqlExpression) => call("timezone", literal("UTC"), node);
    return utc(binary(sign, utc(context.value(instant)), context.value(duration)));
  }
  if (left.type.kind === "date") {
    const days = binary("-", context.value(left), context.value(right));
    return call("make_interval", literal(0), literal(0), literal(0), days);
  }
  const narrow = type.kind === "int" && !isBigint(left, right) && !isBigint(right, left);
  const a = narrow ? cast(context.value(left), "bigint") : beside(left, right, context);
  const b = beside(right, left, context);
  const divides = operator === "/" || operator === "%";
  return binary(operator, a, divides && !isNonZero(right) ? call("nullif", b, literal(0)) : b);
}

/** The same number below zero. */
export function printNegation({ operand, type }: NegateCore, context: SqlContext): SqlExpression {
  const value = context.value(operand);
  return negate(type.kind === "int" && !isBigint(operand, operand) ? cast(value, "bigint") : value);
}

/**
 * Whether an int is certainly a bigint in SQL. A column may be a 4-byte integer,
 * whose operators overflow at 2^31; one bigint operand makes the operation one of bigints.
 */
function isBigint(core: Core, other: Core): boolean {
  switch (core.kind) {
    case "literal":
      return isConstant(other);
    case "arithmetic":
    case "negate":
    case "count":
    case "size":
    case "member":
      return true;
    case "aggregate":
      return core.operator === "sum";
    default:
      return false;
  }
}
