/** A field's default as the DEFAULT of its column. */
import { canonicalText, type Field } from "../model/index.ts";
import { array, call, literal, type SqlExpression } from "../sql-ast/expressions.ts";
import { defaultEnvironment, tenantIdCall } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";

export function compileDefault(
  field: Field,
  source: string,
  expressions: ExpressionCompiler,
): SqlExpression | undefined {
  const { default: value, type } = field;
  if (value === undefined) {
    // A state without a word of its own begins where its machine does.
    return type.kind === "state" ? literal(type.initial) : undefined;
  }
  switch (value.kind) {
    case "generated":
      switch (value.by) {
        case "uuid_v7":
          return call({ schema: "enginejs", name: "uuid_v7" });
        case "now":
          return call("now");
        case "tenant":
          return tenantIdCall;
        default:
          return value.by satisfies never;
      }
    case "expression":
      return expressions.value(value.expression, defaultEnvironment(expressions.model), source, field);
    case "value":
      return constant(field, value.value);
    default:
      return value satisfies never;
  }
}

type Json = Extract<NonNullable<Field["default"]>, { kind: "value" }>["value"];

/** A constant of a field's type. Bigints and decimals are held as strings. */
function constant(field: Field, value: Json): SqlExpression {
  const { type } = field;
  if (value === null) return literal(null);
  if (type.kind === "scalar") {
    switch (type.scalar) {
      case "json":
        // Keys in order: the IR may come back from a jsonb column, which keeps them in another.
        return literal(JSON.stringify(JSON.parse(canonicalText(value))), "jsonb");
      case "roles":
        return array(
          (Array.isArray(value) ? value : []).map((role) => literal(String(role))),
          "text[]",
        );
      case "integer":
      case "bigint":
      case "money":
        return literal(BigInt(value as string | number));
      case "decimal":
        return literal(String(value), "numeric");
      case "boolean":
        return literal(value === true);
      case "date":
        return literal(String(value), "date");
      case "timestamp":
        return literal(String(value), "timestamptz");
      case "uuid":
        return literal(String(value), "uuid");
      case "text":
      case "slug":
        return literal(String(value));
      default:
        return type satisfies never;
    }
  }
  return type.kind === "one" ? literal(String(value), "uuid") : literal(String(value));
}
