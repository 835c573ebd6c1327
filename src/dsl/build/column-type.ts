import type { FieldType } from "../../model/index.ts";

/** The PostgreSQL type of a field's column; undefined for the many side of a relation, which has none. */
export function columnType(type: FieldType): string | undefined {
  switch (type.kind) {
    case "state":
      return "text";
    case "one":
      return "uuid";
    case "many":
      return undefined;
    case "scalar":
      switch (type.scalar) {
        case "text":
        case "slug":
          return "text";
        case "money":
          return "bigint";
        case "decimal":
          return `numeric(${type.precision},${type.scale})`;
        case "timestamp":
          return "timestamptz";
        case "json":
          return "jsonb";
        case "roles":
          return "text[]";
        default:
          return type.scalar;
      }
    default:
      return type satisfies never;
  }
}
