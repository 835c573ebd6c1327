/** Arithmetic of the evaluator, to the digit what PostgreSQL computes. */
import { EngineError } from "../errors/engine-error.ts";
import type { ArithmeticCore } from "./core.ts";
import {
  addDecimals,
  type Decimal,
  divideDecimals,
  isDecimal,
  multiplyDecimals,
  negateDecimal,
  remainderOfDecimals,
} from "./decimal.ts";
import { MICROSECONDS_PER_DAY } from "./temporal.ts";
import type { Value } from "./values.ts";

/** @throws EngineError EJS2030 where the result lies outside bigint */
export function checkedInt(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new EngineError([{ code: "EJS2030", severity: "error", message: `${value} lies outside bigint.` }]);
}

export function calculate(core: ArithmeticCore, left: Value, right: Value): Value {
  if (isDecimal(left) && isDecimal(right)) return ofDecimals(core.operator, left, right);
  if (typeof left !== "bigint" || typeof right !== "bigint") return null;
  if (core.type.kind === "int") return ofInts(core.operator, left, right);
  // Timestamps and durations are µs, dates are days; the checker lets only + and - pass.
  const result = core.operator === "-" ? left - right : left + right;
  return core.left.type.kind === "date" ? result * MICROSECONDS_PER_DAY : result;
}

function ofInts(operator: ArithmeticCore["operator"], a: bigint, b: bigint): bigint | null {
  switch (operator) {
    case "+":
      return checkedInt(a + b);
    case "-":
      return checkedInt(a - b);
    case "*":
      return checkedInt(a * b);
    case "/":
      return b === 0n ? null : checkedInt(a / b);
    case "%":
      return b === 0n ? null : a % b;
    default:
      return operator satisfies never;
  }
}

function ofDecimals(operator: ArithmeticCore["operator"], a: Decimal, b: Decimal): Decimal | null {
  switch (operator) {
    case "+":
      return addDecimals(a, b);
    case "-":
      return addDecimals(a, negateDecimal(b));
    case "*":
      return multiplyDecimals(a, b);
    case "/":
      return divideDecimals(a, b) ?? null;
    case "%":
      return remainderOfDecimals(a, b) ?? null;
    default:
      return operator satisfies never;
  }
}
