/** The evaluator's values as SQL constants. */
import { isDecimal } from "../expression/decimal.ts";
import { formatDate, formatDecimal, formatTimestamp, type Value } from "../expression/index.ts";
import type { Field } from "../model/index.ts";
import { quoteLiteral } from "../sql-ast/quote.ts";

/** A constant of a field's type: `'…'::uuid`. */
export function sqlValue(field: Field, value: Value): string {
  const type = sqlTypeOf(field);
  return `${value === null ? "null" : quoteLiteral(textOf(field, value))}::${type}`;
}

function sqlTypeOf({ name, storage }: Field): string {
  if ("sqlType" in storage) return storage.sqlType;
  throw new TypeError(`the field ${name} is not stored`);
}

function textOf({ type }: Field, value: Value): string {
  if (type.kind === "scalar") {
    if (type.scalar === "json") return JSON.stringify(value);
    if (type.scalar === "timestamp") return formatTimestamp(value as bigint) ?? "infinity";
    if (type.scalar === "date") return formatDate(value as bigint) ?? "infinity";
    if (type.scalar === "roles") return arrayText(value as readonly string[]);
  }
  return isDecimal(value) ? formatDecimal(value) : String(value);
}

/** An array's text form: every item in quotes. */
const arrayText = (items: readonly string[]): string =>
  `{${items.map((item) => `"${item.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
