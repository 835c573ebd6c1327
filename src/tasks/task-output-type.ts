/** What a task returns, as the expressions of later steps see it. */
import type { ExpressionType, Variable } from "../expression/index.ts";
import { binary, cast, literal, type SqlExpression } from "../sql-ast/expressions.ts";

type Schema = {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly properties?: unknown;
  readonly enum?: unknown;
};

/** A JSON Schema's properties as a record of values, each read out of the JSON value that `json` stands for. */
export function taskOutput(schema: unknown, json: SqlExpression): Variable {
  const { properties } = (schema ?? {}) as Schema;
  if (typeof properties !== "object" || properties === null) return value({ kind: "json" }, json);
  const fields = Object.entries(properties).map(([name, property]): [string, Variable] => [
    name,
    propertyOf(property as Schema, json, name),
  ]);
  return { kind: "record", fields: Object.fromEntries(fields) };
}

function propertyOf(schema: Schema, json: SqlExpression, name: string): Variable {
  const inner = binary("->", json, literal(name));
  if (schema.type === "object" && schema.properties !== undefined) return taskOutput(schema, inner);
  const type = scalarType(schema);
  if (type.kind === "json") return value(type, inner);
  return value(type, cast(binary("->>", json, literal(name)), sqlTypes[type.kind as keyof typeof sqlTypes]));
}

const sqlTypes = {
  bool: "boolean",
  int: "bigint",
  decimal: "numeric",
  string: "text",
  uuid: "uuid",
  date: "date",
  timestamp: "timestamptz",
} as const;

function scalarType({ type, format }: Schema): ExpressionType {
  switch (type) {
    case "boolean":
      return { kind: "bool" };
    case "integer":
      return { kind: "int" };
    case "number":
      return { kind: "decimal" };
    case "string":
      if (format === "uuid") return { kind: "uuid" };
      if (format === "date") return { kind: "date" };
      if (format === "date-time") return { kind: "timestamp" };
      return { kind: "string" };
    default:
      return { kind: "json" };
  }
}

const value = (type: ExpressionType, sql: SqlExpression): Variable => ({ kind: "value", type, nullable: true, sql });
