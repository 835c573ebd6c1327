/** What a task's JSON Schema says of its properties, as far as expressions can meet it. */
import { describeType, type ExpressionType } from "../expression/index.ts";

/** A schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface SchemaProperty {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The properties of an object schema; undefined for any other. */
export function schemaProperties(schema: unknown): readonly SchemaProperty[] | undefined {
  if (!isSchema(schema)) return undefined;
  const { type, properties, required } = resolved(schema, schema);
  if (type !== "object") return undefined;
  const names = Array.isArray(required) ? required : [];
  return Object.entries(isSchema(properties) ? properties : {}).map(([name, part]) => ({
    name,
    required: names.includes(name),
    schema: resolved(isSchema(part) ? part : {}, schema),
  }));
}

/** The schema of the items of a property that is an array; `{}`, which says nothing, for any other. */
export function schemaItems(schema: unknown, name: string): JsonSchema {
  const property = schemaProperties(schema)?.find((candidate) => candidate.name === name)?.schema;
  return property?.type === "array" && isSchema(property.items) ? property.items : {};
}

/** Whether an object schema takes properties that it does not name. */
export const isOpen = (schema: unknown): boolean =>
  isSchema(schema) && schema.additionalProperties !== undefined && schema.additionalProperties !== false;

/** Follows `$ref`, and takes the one alternative that is not null. */
function resolved(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  if (depth > 10) return {};
  const { $ref, anyOf, type } = schema;
  if (typeof $ref === "string" && $ref.startsWith("#/")) {
    const target = $ref
      .slice(2)
      .split("/")
      .reduce<unknown>((part, key) => (isSchema(part) ? part[key] : undefined), root);
    return isSchema(target) ? resolved(target, root, depth + 1) : {};
  }
  if (Array.isArray(anyOf)) {
    const others = anyOf.filter((part): part is JsonSchema => isSchema(part) && part.type !== "null");
    if (others.length === 1 && others[0] !== undefined) return resolved(others[0], root, depth + 1);
  }
  if (Array.isArray(type)) {
    // As zod says a nullable text.
    const others = type.filter((each) => each !== "null");
    if (others.length === 1) return { ...schema, type: others[0] };
  }
  return schema;
}

const strings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");

/** The type that a property's value has in expressions. */
export function propertyType(schema: JsonSchema): ExpressionType {
  if (strings(schema.enum)) return { kind: "enum", values: schema.enum };
  switch (schema.type) {
    case "string":
      if (schema.format === "uuid") return { kind: "uuid" };
      if (schema.format === "date-time") return { kind: "timestamp" };
      if (schema.format === "date") return { kind: "date" };
      return { kind: "string" };
    case "integer":
      return { kind: "int" };
    case "number":
      return { kind: "decimal" };
    case "boolean":
      return { kind: "bool" };
    default:
      return { kind: "json" };
  }
}

/** The type of a value that a schema describes: objects are records, arrays are lists where their items say what they are. */
export function schemaType(schema: unknown): ExpressionType {
  const properties = schemaProperties(schema);
  if (properties !== undefined) {
    const fields = properties.map(({ name, schema: part }) => [name, { type: schemaType(part), nullable: true }]);
    return { kind: "record", fields: Object.fromEntries(fields) };
  }
  if (!isSchema(schema)) return { kind: "json" };
  const part = resolved(schema, schema);
  if (part.type !== "array") return propertyType(part);
  const of = schemaType(part.items);
  return of.kind === "json" || of.kind === "list" ? { kind: "json" } : { kind: "list", of };
}

/** The JSON Schema of values of a type; `{}`, which says nothing, where it has no better one. */
export function typeSchema(type: ExpressionType | undefined): JsonSchema {
  switch (type?.kind) {
    case "string":
    case "duration":
      return { type: "string" };
    case "enum":
      return { enum: type.values };
    case "uuid":
      return { type: "string", format: "uuid" };
    case "timestamp":
      return { type: "string", format: "date-time" };
    case "date":
      return { type: "string", format: "date" };
    case "int":
      return { type: "integer" };
    case "decimal":
      return { type: "number" };
    case "bool":
      return { type: "boolean" };
    case "list":
      return { type: "array", items: typeSchema(type.of) };
    case "record":
      return {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(type.fields).map(([name, field]) => [name, typeSchema(field.type)]),
        ),
      };
    default:
      return {};
  }
}

/** Whether a value of the type becomes JSON that the property can take; else what it takes. */
export function refusal(type: ExpressionType, schema: JsonSchema): string | undefined {
  if (type.kind === "row" || type.kind === "rows") return "one value";
  if (type.kind === "record" && schema.type !== undefined && schema.type !== "object") return "one value";
  if (type.kind === "null") return undefined;
  const wanted = propertyType(schema);
  if (wanted.kind === "json") return undefined;
  return accepted(wanted.kind).includes(type.kind) ? undefined : describeType(wanted);
}

/** As JSON many types are a string. */
function accepted(kind: ExpressionType["kind"]): readonly ExpressionType["kind"][] {
  switch (kind) {
    case "string":
      return ["string", "enum", "uuid", "date", "timestamp", "decimal", "duration"];
    case "enum":
      return ["string", "enum"];
    case "decimal":
      return ["decimal", "int"];
    case "uuid":
    case "date":
    case "timestamp":
      return [kind, "string"];
    default:
      return [kind];
  }
}
