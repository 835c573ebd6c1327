/** What JSON Schema says of a value, in GraphQL's language: as types where it can be said there, else as JSON. */
type JsonSchema = Readonly<Record<string, unknown>>;

/** Deeper than this it is JSON. */
const DEEPEST = 8;
const LARGEST_INT = 2 ** 31 - 1;
const GRAPHQL_NAME = /^(?!__)[_A-Za-z][_0-9A-Za-z]*$/;
const NO_ENUM_VALUE = ["true", "false", "null"];

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Collects the declarations of types; each of them has a name that nothing else has here. */
export class SchemaTypes {
  /** `input PlaceInput { … }`, one for each object and enum. */
  readonly declarations: string[] = [];
  private readonly names = new Set<string>();
  private readonly keyword: "input" | "type";

  constructor(keyword: "input" | "type") {
    this.keyword = keyword;
  }

  /**
   * The type of a value: `PlaceInput!`, `[String!]`, `JSON`. Objects and enums in it are declared under names that begin
   * with `name` and go on with an underscore, as no entity's do.
   */
  typeOf(schema: unknown, name: string): string {
    return this.reference(schema, schema, name, 0, []);
  }

  private reference(schema: unknown, root: unknown, name: string, depth: number, refs: readonly string[]): string {
    const found = resolve(schema, root, refs);
    if (found === undefined) return "JSON";
    const { schema: plain, nullable, refs: seen } = found;
    const type = depth > DEEPEST ? "JSON" : this.plain(plain, root, name, depth, seen);
    // JSON's null is a value of JSON.
    return nullable || type === "JSON" ? type : `${type}!`;
  }

  private plain(schema: JsonSchema, root: unknown, name: string, depth: number, refs: readonly string[]): string {
    switch (schema.type) {
      case "string":
        return Array.isArray(schema.enum) ? this.enumOf(schema, name) : stringOf(schema);
      case "integer":
        return isSmall(schema.minimum, schema.exclusiveMinimum) && isSmall(schema.maximum, schema.exclusiveMaximum)
          ? "Int"
          : "Float";
      case "number":
        return "Float";
      case "boolean":
        return "Boolean";
      case "array": {
        if (schema.items === undefined || Array.isArray(schema.prefixItems)) return "JSON";
        return `[${this.reference(schema.items, root, `${name}_item`, depth + 1, refs)}]`;
      }
      case "object":
        return this.object(schema, root, name, depth, refs);
      default:
        return "JSON";
    }
  }

  private enumOf(schema: JsonSchema, name: string): string {
    const values = schema.enum as readonly unknown[];
    const named = values.every(
      (value) => typeof value === "string" && GRAPHQL_NAME.test(value) && !NO_ENUM_VALUE.includes(value),
    );
    if (!named || values.length === 0) return "String";
    const own = this.free(name);
    this.declarations.push(`enum ${own} {\n  ${[...new Set(values)].join("\n  ")}\n}`);
    return own;
  }

  private object(schema: JsonSchema, root: unknown, name: string, depth: number, refs: readonly string[]): string {
    const { properties, required, additionalProperties } = schema;
    const entries = Object.entries(isSchema(properties) ? properties : {});
    const isClosed = additionalProperties === undefined || additionalProperties === false;
    if (entries.length === 0 || !isClosed || !entries.every(([key]) => GRAPHQL_NAME.test(key))) return "JSON";
    const own = this.free(name);
    const mandatory = Array.isArray(required) ? required : [];
    const fields = entries.map(([key, part]) => {
      const type = this.reference(part, root, `${name}_${key}`, depth + 1, refs);
      const described =
        isSchema(part) && typeof part.description === "string" ? `${JSON.stringify(part.description)} ` : "";
      // What a task or a caller may leave out is null for those who ask.
      return `  ${described}${key}: ${mandatory.includes(key) ? type : type.replace(/!$/, "")}`;
    });
    this.declarations.push(`${this.keyword} ${own} {\n${fields.join("\n")}\n}`);
    return own;
  }

  private free(name: string): string {
    let own = name;
    for (let n = 2; this.names.has(own); n++) own = `${name}_${n}`;
    this.names.add(own);
    return own;
  }
}

function stringOf({ format }: JsonSchema): string {
  if (format === "uuid") return "UUID";
  return format === "date-time" ? "Datetime" : "String";
}

const isSmall = (inclusive: unknown, exclusive: unknown): boolean =>
  [inclusive, exclusive].some((limit) => typeof limit === "number" && Math.abs(limit) <= LARGEST_INT);

interface Resolved {
  readonly schema: JsonSchema;
  readonly nullable: boolean;
  /** References that lead here: one that comes again is a type within itself. */
  readonly refs: readonly string[];
}

/** Follows references, and takes the one alternative that is not null; undefined where there is none, or a circle. */
function resolve(schema: unknown, root: unknown, refs: readonly string[]): Resolved | undefined {
  if (!isSchema(schema)) return undefined;
  const { $ref, anyOf, oneOf, type } = schema;
  if (typeof $ref === "string") {
    if (refs.includes($ref) || !$ref.startsWith("#/")) return undefined;
    const target = $ref
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((part, key) => (isSchema(part) ? part[key] : undefined), root);
    return resolve(target, root, [...refs, $ref]);
  }
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) {
    const others = alternatives.filter((part) => !(isSchema(part) && part.type === "null"));
    if (others.length !== 1) return undefined;
    const found = resolve(others[0], root, refs);
    return found && { ...found, nullable: found.nullable || others.length < alternatives.length };
  }
  if (Array.isArray(type)) {
    const others = type.filter((name) => name !== "null");
    return others.length === 1
      ? { schema: { ...schema, type: others[0] }, nullable: others.length < type.length, refs }
      : undefined;
  }
  return { schema, nullable: false, refs };
}
