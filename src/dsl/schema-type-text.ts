/** A JSON Schema as the text of a TypeScript type: what code gets that is given such a value. */
import type { JsonSchema } from "../model/schema-types.ts";

/**
 * What TypeScript cannot say, and what refers to itself, is `unknown`.
 *
 * @example typeText({ type: "object", properties: { id: { type: "string" } }, required: ["id"] }) // "{ id: string }"
 */
export function typeText(schema: unknown, root: unknown = schema, within: readonly string[] = []): string {
  if (!isSchema(schema)) return "unknown";
  const inner = (part: unknown) => typeText(part, root, within);
  const { $ref, enum: values, anyOf, oneOf, type } = schema;
  if (typeof $ref === "string") {
    return within.includes($ref) ? "unknown" : typeText(referred($ref, root), root, [...within, $ref]);
  }
  if (Object.hasOwn(schema, "const")) return literal(schema.const);
  if (Array.isArray(values)) return union(values.map(literal));
  const forms = anyOf ?? oneOf;
  if (Array.isArray(forms)) return union(forms.map(inner));
  if (Array.isArray(type)) return union(type.map((one) => inner({ ...schema, type: one })));
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return Array.isArray(schema.prefixItems)
        ? `readonly [${schema.prefixItems.map(inner).join(", ")}]`
        : `readonly (${inner(schema.items)})[]`;
    case "object":
      return objectText(schema, inner);
    default:
      return "unknown";
  }
}

function objectText(
  { properties, required, additionalProperties }: JsonSchema,
  inner: (part: unknown) => string,
): string {
  const names = Array.isArray(required) ? required : [];
  if (!isSchema(properties)) return `{ readonly [name: string]: ${inner(additionalProperties)} }`;
  const members = Object.entries(properties).map(
    ([name, part]) => `${JSON.stringify(name)}${names.includes(name) ? "" : "?"}: ${inner(part)}`,
  );
  return members.length === 0 ? "{ readonly [name: string]: unknown }" : `{ ${members.join("; ")} }`;
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Of what is no object or list; JSON's text is TypeScript's. */
const literal = (value: unknown): string =>
  typeof value === "object" && value !== null ? "unknown" : JSON.stringify(value);

const union = (forms: readonly string[]): string => (forms.length === 0 ? "never" : [...new Set(forms)].join(" | "));

function referred(reference: string, root: unknown): unknown {
  if (!reference.startsWith("#/")) return reference === "#" ? root : undefined;
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((part, key) => (isSchema(part) ? part[key] : undefined), root);
}
