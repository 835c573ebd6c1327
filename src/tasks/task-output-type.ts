/** What a task returns, as the expressions of later steps see it: the same types that the DSL has checked them with. */
import { propertyType, schemaProperties } from "../dsl/build/json-schema.ts";
import type { ExpressionType, Variable } from "../expression/index.ts";
import { sqlType } from "../expression/sql-value.ts";
import { binary, cast, literal, type SqlExpression } from "../sql-ast/expressions.ts";

/** A JSON Schema's properties as a record of values, each read out of the JSON value that `json` stands for. */
export function taskOutput(schema: unknown, json: SqlExpression): Variable {
  const properties = schemaProperties(schema);
  if (properties === undefined) return value({ kind: "json" }, json);
  const fields = properties.map(({ name, schema: part }): [string, Variable] => {
    const inner = binary("->", json, literal(name));
    if (schemaProperties(part) !== undefined) return [name, taskOutput(part, inner)];
    const type = propertyType(part);
    if (type.kind === "json") return [name, value(type, inner)];
    return [name, value(type, cast(binary("->>", json, literal(name)), sqlType(type)))];
  });
  return { kind: "record", fields: Object.fromEntries(fields) };
}

const value = (type: ExpressionType, sql: SqlExpression): Variable => ({ kind: "value", type, nullable: true, sql });
