import { isDecimal } from "../expression/decimal.ts";
import { formatDecimal, type Value } from "../expression/index.ts";
import type { Case } from "./case.ts";

/** A case in one line: `update Invoice 0190… (status: "paid")`. */
export function describeCase(question: Case): string {
  const { entity } = question;
  switch (question.command) {
    case "select":
      return `select ${entity}`;
    case "select field":
      return `select ${entity}.${question.field}`;
    case "update field":
      return `update ${entity}.${question.field} of ${question.id} (${listed({ [question.field]: question.value })})`;
    case "insert":
      return `insert ${entity} (${listed(question.values)})${question.returning ? " returning" : ""}`;
    case "upsert":
      return `insert ${entity} (${listed(question.values)}) on conflict (${question.columns.join(", ")}) update (${listed(question.set)})`;
    case "update":
      return `update ${entity} ${question.id ?? "everywhere"} (${listed(question.set)})${question.returning ? " returning" : ""}`;
    case "delete":
      return `delete ${entity} ${question.id}`;
    case "action":
      return `${entity}.${question.action} ${question.id} (${listed(question.input)})`;
    default:
      return question satisfies never;
  }
}

const listed = (values: Readonly<Record<string, Value>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}: ${isDecimal(value) ? formatDecimal(value) : text(value)}`)
    .join(", ");

const text = (value: Value): string =>
  JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part)) ?? "null";
