/** Types as a person reads them, and their equality. */
import type { ExpressionType } from "./types.ts";

/** `list of string`, `state ("draft", "sent")`, `a row of Customer`. */
export function describeType(type: ExpressionType): string {
  switch (type.kind) {
    case "enum":
      return `state (${type.values.map((value) => JSON.stringify(value)).join(", ")})`;
    case "list":
      return `list of ${describeType(type.of)}`;
    case "row":
      return `a row of ${type.entity}`;
    case "rows":
      return type.entity === "" ? "the items of a list" : `the rows of a relation to ${type.entity}`;
    case "record":
      return "a record";
    default:
      return type.kind;
  }
}

export function sameType(a: ExpressionType, b: ExpressionType): boolean {
  if (a.kind === "enum" && b.kind === "enum") {
    return a.values.length === b.values.length && a.values.every((value) => b.values.includes(value));
  }
  if (a.kind === "list" && b.kind === "list") return sameType(a.of, b.of);
  if ((a.kind === "row" && b.kind === "row") || (a.kind === "rows" && b.kind === "rows")) return a.entity === b.entity;
  if (a.kind === "record" && b.kind === "record") {
    const names = Object.keys(a.fields);
    return (
      names.length === Object.keys(b.fields).length &&
      names.every((name) => {
        const [left, right] = [a.fields[name], b.fields[name]];
        return left !== undefined && right !== undefined && sameType(left.type, right.type);
      })
    );
  }
  return a.kind === b.kind;
}

export const isText = (type: ExpressionType): boolean => type.kind === "string" || type.kind === "enum";
export const isNumeric = (type: ExpressionType): boolean => type.kind === "int" || type.kind === "decimal";
/** Types of one value, which may stand in a column or a list. */
export const isScalar = (type: ExpressionType): boolean =>
  !["row", "rows", "record", "list", "null"].includes(type.kind);
/** Types with `<`: what has a meaning to order by. States and uuids have none. */
export const isOrdered = (type: ExpressionType): boolean =>
  ["int", "decimal", "string", "date", "timestamp", "duration"].includes(type.kind);
