/** The types of a process: the schemas of its `$defs` with every reference put in place, and which of them fit which. */
import { suggestion } from "../errors/suggestion.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import { checkType } from "./check-types.ts";
import type { Path, ProcessSource } from "./process-source.ts";

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keywords that hold values and no schemas. */
export const VALUE_KEYWORDS = ["const", "default", "enum", "examples"];

export class ProcessTypes {
  private readonly source: ProcessSource;
  private readonly declared: Readonly<Record<string, JsonSchema>>;
  private readonly schemas = new Map<string, JsonSchema>();
  /** Types that were named, used or not. */
  readonly used = new Set<string>();

  constructor(source: ProcessSource, declared: Readonly<Record<string, JsonSchema>>) {
    this.source = source;
    this.declared = declared;
    for (const name of Object.keys(declared)) {
      checkType(source, declared[name], ["$defs", name]);
      this.schemas.set(name, this.inlined(declared[name], ["$defs", name], [name]) as JsonSchema);
    }
  }

  /** The schema of a type; one that takes everything after a report. */
  schema(name: string, path: Path): JsonSchema {
    this.used.add(name);
    const found = this.schemas.get(name);
    if (found !== undefined) return found;
    this.source.report("EJS2510", `There is no type "${name}".`, path, { hint: this.hint(name) });
    return {};
  }

  private hint(name: string): string {
    return suggestion(name, Object.keys(this.declared), "Types in $defs");
  }

  private inlined(part: unknown, path: Path, within: readonly string[]): unknown {
    if (Array.isArray(part)) return part.map((item, i) => this.inlined(item, [...path, i], within));
    if (!isSchema(part)) return part;
    const { $ref, ...rest } = part;
    if (typeof $ref !== "string") {
      return Object.fromEntries(
        Object.entries(part).map(([key, value]) => {
          if (VALUE_KEYWORDS.includes(key)) return [key, value];
          // As the canonical form has it: how a file is written makes no difference to what becomes of it.
          if (key === "required" && Array.isArray(value)) return [key, value.toSorted()];
          return [key, this.inlined(value, [...path, key], within)];
        }),
      );
    }
    const name = /^#\/\$defs\/([^/]+)$/.exec($ref)?.[1];
    const target = name === undefined || !Object.hasOwn(this.declared, name) ? undefined : this.declared[name];
    const at = [...path, "$ref"];
    if (name === undefined || target === undefined) {
      const hint = name === undefined ? 'Types refer to each other by {"$ref": "#/$defs/Name"}.' : this.hint(name);
      this.source.report("EJS2511", `"${$ref}" names no type of $defs.`, at, { hint });
      return {};
    }
    this.used.add(name);
    if (within.includes(name)) {
      const circle = [...within.slice(within.indexOf(name)), name].join(" → ");
      this.source.report("EJS2511", `The type ${name} holds itself: ${circle}.`, at);
      return {};
    }
    return { ...(this.inlined(target, ["$defs", name], [...within, name]) as object), ...rest };
  }
}

/** Why a value of one schema may not be one of the other: `lines[].qty: string, not integer`; undefined where it always is. */
export function misfit(given: unknown, taken: unknown, at = ""): string | undefined {
  if (!isSchema(given) || !isSchema(taken) || Object.keys(taken).length === 0) return undefined;
  const say = (what: string) => `${at === "" ? "" : `${at.replace(/^\./, "")}: `}${what}`;
  const allowed = constants(taken);
  if (allowed !== undefined) {
    const values = constants(given);
    if (values?.every((value) => allowed.includes(value)) === true) return undefined;
    return say(`${describe(given)}, not ${describe(taken)}`);
  }
  const wanted = kinds(taken);
  if (wanted === undefined) return undefined;
  const found = kinds(given);
  if (found === undefined) return say(`anything, not ${describe(taken)}`);
  const odd = found.find((kind) => !wanted.includes(kind) && !(kind === "integer" && wanted.includes("number")));
  if (odd !== undefined) return say(`${describe(given)}, not ${describe(taken)}`);
  if (taken.format !== undefined && found.includes("string") && given.format !== taken.format) {
    return say(`${describe(given)}, not ${describe(taken)}`);
  }
  if (found.includes("array") && isSchema(taken.items)) {
    return misfit(isSchema(given.items) ? given.items : {}, taken.items, `${at}[]`);
  }
  return found.includes("object") ? membersMisfit(given, taken, at) : undefined;
}

function membersMisfit(given: JsonSchema, taken: JsonSchema, at: string): string | undefined {
  const has = isSchema(given.properties) ? given.properties : {};
  const wants = isSchema(taken.properties) ? taken.properties : {};
  const always = Array.isArray(given.required) ? given.required : [];
  for (const name of Array.isArray(taken.required) ? taken.required : []) {
    if (!always.includes(name))
      return `${at === "" ? "" : `${at.replace(/^\./, "")}: `}"${name}" ${Object.hasOwn(has, name) ? "may be absent" : "is missing"}`;
  }
  for (const [name, part] of Object.entries(wants)) {
    const problem = Object.hasOwn(has, name) ? misfit(has[name], part, `${at}.${name}`) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function kinds({ type }: JsonSchema): readonly string[] | undefined {
  if (typeof type === "string") return [type];
  return Array.isArray(type) ? type : undefined;
}

function constants(schema: JsonSchema): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

function describe(schema: JsonSchema): string {
  const values = constants(schema);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" or ");
  const type = kinds(schema)?.join(" or ") ?? "anything";
  return typeof schema.format === "string" ? `${type} (${schema.format})` : type;
}
