/** The fields of rows that nodes read and write, against the types and values that a file gives them. */
import { suggestion } from "../errors/suggestion.ts";
import { type ExpressionType, parse } from "../expression/index.ts";
import { type Entity, expressionType, type Field } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import type { NodeContext } from "./node-context.ts";
import { rowVariable, typeMisfit } from "./process-context.ts";

/** A reference is its id. */
const fieldType = ({ type }: Field): ExpressionType => (type.kind === "one" ? { kind: "uuid" } : expressionType(type));
export const isStored = ({ storage }: Field): boolean => storage.kind === "column" || storage.kind === "generated";

/** The fields that a type has of a row, each with its schema. */
export function fieldsGiven(
  context: NodeContext,
  entity: Entity,
  schema: JsonSchema,
  port: string,
): Record<string, JsonSchema> {
  const properties = schemaProperties(schema);
  if (properties === undefined) {
    context.report(
      "EJS2513",
      `"${port}" is a row of ${entity.name}, and its type is no object.`,
      context.at("out", port),
    );
    return {};
  }
  const stored = entity.fields.filter(isStored);
  const gives: Record<string, JsonSchema> = {};
  for (const { name, required, schema: part } of properties) {
    const field = stored.find((candidate) => candidate.name === name);
    if (field === undefined) {
      if (!required) continue;
      const known = entity.fields.some((candidate) => candidate.name === name);
      const what = known ? `${entity.name}.${name} is not stored in the row` : `${entity.name} has no field "${name}"`;
      const names = stored.map((candidate) => candidate.name);
      context.report("EJS2530", `${what}.`, context.at("out", port), {
        hint: suggestion(name, names, `${entity.name} has`),
      });
      continue;
    }
    const problem = typeMisfit(fieldType(field), part);
    if (problem !== undefined)
      context.report("EJS2513", `${entity.name}.${name} is ${problem}.`, context.at("out", port));
    gives[name] = part;
  }
  return gives;
}

/** The values that a node writes, by the names of fields. */
export function fieldValues(
  context: NodeContext,
  entity: Entity,
  given: Readonly<Record<string, string>>,
  when: "create" | "update",
): Record<string, string> {
  const writable = entity.fields.filter((field) => field.writable[when]);
  // A port of that name is meant, and not the row that is changed.
  const row = when === "update" && !Object.hasOwn(context.in, "row") ? { row: rowVariable(entity.name) } : {};
  const values: Record<string, string> = {};
  for (const [name, text] of Object.entries(given)) {
    const path = context.at("values", name);
    const field = entity.fields.find((candidate) => candidate.name === name);
    if (field === undefined || !writable.includes(field)) {
      // What a new row has anyway may be said.
      if (when === "create" && field !== undefined && isInitial(field, text)) continue;
      const known = `${entity.name}.${name} is not ${when === "create" ? "written by whoever makes a row" : "changed like this"}`;
      const names = writable.map((candidate) => candidate.name);
      context.report("EJS2531", `${field === undefined ? `${entity.name} has no field "${name}"` : known}.`, path, {
        key: true,
        hint: suggestion(name, names, "Fields that can be given"),
      });
      continue;
    }
    values[name] = context.expression(path, text, fieldType(field), row);
  }
  return values;
}

/** Whether a value is the state that every new row begins with. */
function isInitial({ type }: Field, text: string): boolean {
  const parsed = parse(text);
  return type.kind === "state" && parsed.ok && parsed.syntax.kind === "string" && parsed.syntax.value === type.initial;
}
