/** What a task returns, as the expressions of later steps see it: the same types that the DSL has checked them with. */
import type { ExpressionType, Variable } from "../../expression/index.ts";
import { sqlType } from "../../expression/sql-type.ts";
import { schemaType } from "../../model/schema-types.ts";
import {
  arraySelect,
  binary,
  branch,
  call,
  caseWhen,
  cast,
  column,
  fromFunction,
  literal,
  type SqlExpression,
  select,
} from "../../sql-ast/expressions.ts";

/** What a JSON Schema describes, as the JSON that `json` stands for holds it. */
export function taskOutput(schema: unknown, json: SqlExpression): Variable {
  const type = schemaType(schema);
  return { kind: "value", type, nullable: true, sql: ofJson(type, json) };
}

/** A value of a type out of the JSON that holds it; JSON's null is null. */
function ofJson(type: ExpressionType, json: SqlExpression): SqlExpression {
  switch (type.kind) {
    case "json":
    case "record":
      return call("nullif", json, literal("null", "jsonb"));
    case "list": {
      const value = cast(column("list_items", "value"), sqlType(type.of));
      const items = select({
        columns: [{ value }],
        from: fromFunction(call("jsonb_array_elements_text", json), "list_items"),
      });
      return caseWhen([branch(binary("=", call("jsonb_typeof", json), literal("array")), arraySelect(items))]);
    }
    default:
      return cast(binary("#>>", json, literal("{}", "text[]")), sqlType(type));
  }
}
