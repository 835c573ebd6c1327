/** Arithmetic: which operators take which types, and what comes out. */
import type { CheckContext, Checked } from "./check-context.ts";
import { coerce, unify } from "./coerce.ts";
import type { ArithmeticOperator, Core } from "./core.ts";
import type { Range } from "./expression-error.ts";
import { describeType, isNumeric, isText } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

/** `+ - * / %` of numbers, strings, timestamps, dates and durations. */
export function checkArithmetic(
  operator: ArithmeticOperator,
  left: Core,
  right: Core,
  range: Range,
  context: CheckContext,
): Checked {
  if (operator === "+" && isText(left.type) && isText(right.type)) {
    const nullable = left.nullable || right.nullable;
    return { kind: "concat", left, right, type: { kind: "string" }, nullable, range };
  }
  if (isTemporal(left.type) || isTemporal(right.type)) return temporal(operator, left, right, range, context);
  const unified = isNumeric(left.type) || isNumeric(right.type) ? unify(left, right, context) : "mismatch";
  if (unified === undefined) return undefined;
  if (unified === "mismatch" || !isNumeric(unified[0].type))
    return refuseArithmetic(operator, left, right, range, context);
  const [a, b] = unified;
  const mayDivideByZero = (operator === "/" || operator === "%") && !isNonZero(b);
  const nullable = a.nullable || b.nullable || mayDivideByZero;
  return { kind: "arithmetic", operator, left: a, right: b, type: a.type, nullable, range };
}

function refuseArithmetic(
  operator: ArithmeticOperator,
  left: Core,
  right: Core,
  range: Range,
  context: CheckContext,
): undefined {
  const both = `${describeType(left.type)} and ${describeType(right.type)}`;
  const hint =
    operator === "+"
      ? "+ takes two numbers, two strings, or a timestamp and a duration."
      : `${operator} takes two numbers${operator === "-" ? ", or timestamps, dates and durations" : ""}.`;
  return context.report("EJS2016", `There is no ${operator} for ${both}.`, range, hint);
}

/** A constant divisor that is not zero needs no guard and makes nothing null. */
export const isNonZero = (core: Core): boolean =>
  core.kind === "literal" &&
  (typeof core.value === "bigint"
    ? core.value !== 0n
    : typeof core.value === "object" && core.value !== null && core.value.coefficient !== 0n);

const isTemporal = (type: ExpressionType): boolean =>
  type.kind === "timestamp" || type.kind === "duration" || type.kind === "date";

const DURATION: ExpressionType = { kind: "duration" };
const TEMPORAL: Readonly<Record<string, ExpressionType>> = {
  "timestamp+duration": { kind: "timestamp" },
  "duration+timestamp": { kind: "timestamp" },
  "timestamp-duration": { kind: "timestamp" },
  "timestamp-timestamp": DURATION,
  "date-date": DURATION,
  "duration+duration": DURATION,
  "duration-duration": DURATION,
};

function temporal(operator: ArithmeticOperator, left: Core, right: Core, range: Range, context: CheckContext): Checked {
  // A string beside a timestamp is a duration: `row.dueAt + "36h"`.
  const typed = [left, right].map((side) =>
    side.kind === "literal" && side.type.kind === "string" ? coerce(side, DURATION, context) : side,
  );
  const [a, b] = typed;
  if (a === undefined || b === undefined) return undefined;
  const type = a === "mismatch" || b === "mismatch" ? undefined : TEMPORAL[`${a.type.kind}${operator}${b.type.kind}`];
  if (type === undefined || a === "mismatch" || b === "mismatch") {
    return refuseArithmetic(operator, left, right, range, context);
  }
  return { kind: "arithmetic", operator, left: a, right: b, type, nullable: a.nullable || b.nullable, range };
}
