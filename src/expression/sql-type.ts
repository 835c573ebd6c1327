import type { ExpressionType } from "./types.ts";

/** How PostgreSQL holds a type; a row is held by its id. */
export function sqlType(type: ExpressionType): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "int":
      return "bigint";
    case "decimal":
      return "numeric";
    case "string":
    case "enum":
    case "null":
      return "text";
    case "uuid":
    case "date":
      return type.kind;
    case "timestamp":
      return "timestamptz";
    case "duration":
      return "interval";
    case "json":
    case "record":
      return "jsonb";
    case "list":
      return `${sqlType(type.of)}[]`;
    case "row":
    case "rows":
      throw new RangeError(`a ${type.kind} of ${type.entity} has no SQL type of its own`);
    default:
      return type satisfies never;
  }
}
