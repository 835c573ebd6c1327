/** Types of `$defs` that are no JSON Schema: a misspelt keyword would be taken for one that means nothing. */
import { nearest } from "../errors/nearest.ts";
import { suggestion } from "../errors/suggestion.ts";
import type { Path, ProcessSource } from "./process-source.ts";

const KINDS = ["array", "boolean", "integer", "null", "number", "object", "string"];
const SCHEMAS = ["additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS = ["$defs", "dependentSchemas", "patternProperties", "properties"];
const OTHERS = [
  ..."$anchor $comment $id $ref $schema const contentEncoding contentMediaType default dependentRequired deprecated".split(
    " ",
  ),
  ..."description enum examples exclusiveMaximum exclusiveMinimum format maxContains maxItems maxLength".split(" "),
  ..."maxProperties maximum minContains minItems minLength minProperties minimum multipleOf pattern readOnly".split(
    " ",
  ),
  ..."required title type unevaluatedItems unevaluatedProperties uniqueItems writeOnly".split(" "),
];
const KEYWORDS = [...SCHEMAS, ...LISTS, ...MAPS, ...OTHERS];

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reports every part of a schema that is not of its form. */
export function checkType(source: ProcessSource, schema: unknown, path: Path): void {
  if (typeof schema === "boolean") return;
  if (!isObject(schema)) {
    source.report("EJS2511", "A type is an object.", path, { hint: 'Write {"type": "string"}.' });
    return;
  }
  checkKinds(source, schema, path);
  checkRequired(source, schema, path);
  for (const [key, part] of Object.entries(schema)) {
    const at = [...path, key];
    if (SCHEMAS.includes(key)) checkType(source, part, at);
    else if (MAPS.includes(key) && isObject(part)) {
      for (const [name, inner] of Object.entries(part)) checkType(source, inner, [...at, name]);
    } else if (LISTS.includes(key) && Array.isArray(part)) {
      part.forEach((inner, i) => {
        checkType(source, inner, [...at, i]);
      });
    } else if (MAPS.includes(key) || LISTS.includes(key)) {
      source.report("EJS2511", `"${key}" is ${MAPS.includes(key) ? "an object" : "a list"} of types.`, at, {
        hint: MAPS.includes(key)
          ? `Write "${key}": {"name": {"type": "string"}}.`
          : `Write "${key}": [{"type": "string"}].`,
      });
    } else if (!KEYWORDS.includes(key)) {
      const near = nearest(key, KEYWORDS);
      // What nobody can have meant otherwise is somebody's own.
      if (near !== undefined)
        source.report("EJS2511", `JSON Schema knows no "${key}".`, at, { key: true, hint: `Did you mean "${near}"?` });
    }
  }
}

function checkKinds(source: ProcessSource, { type }: Members, path: Path): void {
  if (type === undefined) return;
  if (Array.isArray(type) && type.length === 0) {
    const hint = `JSON has: ${KINDS.join(", ")}.`;
    source.report("EJS2511", '"type" is an empty list: no value would be of it.', [...path, "type"], { hint });
  }
  (Array.isArray(type) ? type : [type]).forEach((kind, i) => {
    if (KINDS.includes(kind)) return;
    const hint = suggestion(kind, KINDS, "JSON has");
    const at = [...path, "type", ...(Array.isArray(type) ? [i] : [])];
    source.report("EJS2511", `${JSON.stringify(kind)} is no type of JSON.`, at, { hint });
  });
}

function checkRequired(source: ProcessSource, { required, properties, allOf, $ref }: Members, path: Path): void {
  if (required === undefined) return;
  if (!Array.isArray(required)) {
    const hint = 'Write "required": ["name"].';
    source.report("EJS2511", '"required" is a list of names.', [...path, "required"], { hint });
    return;
  }
  if (allOf !== undefined || $ref !== undefined) return;
  const names = isObject(properties) ? Object.keys(properties) : [];
  required.forEach((name, i) => {
    if (typeof name === "string" && names.includes(name)) return;
    const hint = suggestion(name, names, "Its properties");
    source.report(
      "EJS2511",
      `It requires ${JSON.stringify(name)}, and has no such property.`,
      [...path, "required", i],
      {
        hint,
      },
    );
  });
}
