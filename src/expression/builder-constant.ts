/** Constants of TypeScript as an expression's syntax: text, numbers, booleans, null, dates. */
import { refuse } from "./builder-refusal.ts";
import { refuseText } from "./lex.ts";
import { NOWHERE, type Syntax } from "./syntax.ts";

export function constantOf(value: unknown): Syntax {
  const range = NOWHERE;
  switch (typeof value) {
    case "string": {
      const refusal = refuseText(value);
      if (refusal !== undefined) refuse("EJS2003", refusal);
      return { kind: "string", value, range };
    }
    case "boolean":
      return { kind: "bool", value, range };
    case "bigint":
      if (BigInt.asIntN(64, value) !== value) refuse("EJS2004", `${value} lies outside bigint.`);
      return { kind: "int", value, range };
    case "number":
      return numberOf(value);
    case "object":
      if (value === null) return { kind: "null", range };
      if (value instanceof Date) return timestampOf(value);
      break;
    default:
  }
  const found = value === undefined ? "undefined" : typeof value === "function" ? "a function" : `a ${typeof value}`;
  return refuse(
    "EJS2041",
    `${found} cannot be a constant of an expression.`,
    value === undefined ? "Is an import, a property or a return missing?" : undefined,
  );
}

function numberOf(value: number): Syntax {
  if (!Number.isFinite(value)) return refuse("EJS2041", `${value} cannot be a constant of an expression.`);
  if (Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) {
      return refuse("EJS2041", `${value} is not exact as a JavaScript number.`, `Write a bigint: ${BigInt(value)}n.`);
    }
    return { kind: "int", value: BigInt(value), range: NOWHERE };
  }
  return { kind: "decimal", text: plainNumber(value), range: NOWHERE };
}

/** A number's digits without exponent: 1e-7 is 0.0000001. */
function plainNumber(value: number): string {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const shift = Number(exponent);
  // An integer never comes here, so that a positive exponent cannot either.
  const digits = shift < 0 ? "0".repeat(-shift) + whole : whole;
  const point = digits.length + Math.min(shift, 0);
  const head = digits.slice(0, point).replace(/^0+(?=[0-9])/, "") || "0";
  return `${value < 0 ? "-" : ""}${head}.${digits.slice(point)}${fraction}`;
}

function timestampOf(value: Date): Syntax {
  if (Number.isNaN(value.getTime())) return refuse("EJS2041", "An invalid Date cannot be a constant of an expression.");
  const text: Syntax = { kind: "string", value: value.toISOString(), range: NOWHERE };
  return { kind: "call", name: "timestamp", nameRange: NOWHERE, arguments: [text], range: NOWHERE };
}
