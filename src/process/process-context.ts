/** What the compilation of one process shares: the file, the model that it meets, and what is known of its ports. */
import type { Catalog, Environment, ExpressionType, Variable } from "../expression/index.ts";
import { check, describeType } from "../expression/index.ts";
import type { System } from "../model/index.ts";
import { type JsonSchema, refusal, schemaType, typeSchema } from "../model/schema-types.ts";
import { literal } from "../sql-ast/expressions.ts";
import { EffectUse } from "./effects.ts";
import type { ProcessFile } from "./process-file.ts";
import type { Path, ProcessSource } from "./process-source.ts";
import { misfit, ProcessTypes } from "./process-types.ts";

/** What a process calls another workflow by: the schemas of its outputs. */
export type Outputs = Readonly<Record<string, unknown>>;

export interface ProcessModel {
  readonly system: System;
  readonly catalog: Catalog;
  /** Every workflow that there is, processes among them, with what each gives. */
  readonly outputs: ReadonlyMap<string, Outputs>;
  /** And what each takes, as a JSON Schema; undefined where it says nothing. */
  readonly inputs: ReadonlyMap<string, unknown>;
}

/** Names that every expression of a run knows: no node may be called so. */
export const KNOWN_NAMES = ["actor", "after", "before", "event", "flags", "input", "record", "request", "row"];

const value = (type: ExpressionType): Variable => ({ kind: "value", type, nullable: true, sql: literal(null) });
const record = (fields: Readonly<Record<string, Variable>>): Variable => ({ kind: "record", fields });

/** The value of a schema in an expression. */
export const schemaVariable = (schema: unknown): Variable => value(schemaType(schema));
export const rowVariable = (entity: string): Variable => ({ kind: "row", entity, nullable: false, alias: "row" });

export class ProcessContext {
  readonly source: ProcessSource;
  readonly file: ProcessFile;
  readonly model: ProcessModel;
  readonly types: ProcessTypes;
  readonly effects: EffectUse;
  private readonly actorVariables: Readonly<Record<string, Variable>>;

  constructor(source: ProcessSource, file: ProcessFile, model: ProcessModel) {
    this.source = source;
    this.file = file;
    this.model = model;
    this.types = new ProcessTypes(source, file.$defs ?? {});
    this.effects = new EffectUse(source, file.uses ?? {});
    this.actorVariables = requestVariables(model.system);
  }

  /** What an expression sees: the given names, the actor and the flags. */
  environment(names: Readonly<Record<string, Variable>>): Environment {
    return { catalog: this.model.catalog, variables: { ...names, ...this.actorVariables } };
  }

  /** The type of an expression; undefined after a report. */
  expression(
    path: Path,
    text: string,
    names: Readonly<Record<string, Variable>>,
    expected?: ExpressionType,
  ): ExpressionType | undefined {
    const result = check(text, this.environment(names), expected);
    if (result.ok) return result.core.type;
    const what = `${this.file.name}, ${path.slice(path[0] === "nodes" ? 1 : 0).join(".")}`;
    for (const { code, message, hint, range } of result.errors) {
      this.source.reportAs(code, `${what}: ${message}`, path, { hint, range });
    }
    return undefined;
  }

  /** Checks that an expression gives what a schema says. */
  fits(path: Path, text: string, names: Readonly<Record<string, Variable>>, schema: JsonSchema, of: string): void {
    const wanted = schemaType(schema);
    const type = this.expression(path, text, names, wanted.kind === "enum" ? wanted : undefined);
    if (type === undefined) return;
    const problem = typeMisfit(type, schema);
    if (problem === undefined) return;
    this.source.report("EJS2513", `${of}: ${text} is ${problem}.`, path);
  }
}

/** Why values of a type are not what a schema says. */
export function typeMisfit(type: ExpressionType, schema: JsonSchema): string | undefined {
  if (type.kind === "null" || Object.keys(schema).length === 0) return undefined;
  if (type.kind === "record" || type.kind === "list") return structureMisfit(type, schema);
  const wanted = refusal(type, schema);
  if (wanted !== undefined) return `${describeType(type)}, not ${wanted}`;
  const structured = schema.type === "object" || schema.type === "array";
  return structured && type.kind !== "json" ? `${describeType(type)}, not ${schema.type}` : undefined;
}

function structureMisfit(type: ExpressionType, schema: JsonSchema): string | undefined {
  const problem = misfit(required(typeSchema(type)), schema);
  return problem === undefined ? undefined : `not of that type: ${problem}`;
}

/** What an expression's record has is always there. */
function required(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema as { properties?: Record<string, JsonSchema>; items?: JsonSchema };
  if (items !== undefined) return { ...schema, items: required(items) };
  if (properties === undefined) return schema;
  const parts = Object.entries(properties).map(([name, part]) => [name, required(part)]);
  return { ...schema, properties: Object.fromEntries(parts), required: Object.keys(properties) };
}

const oneOf = (values: readonly string[]): ExpressionType =>
  values.length === 0 ? { kind: "string" } : { kind: "enum", values };

/** Who acts, the flags, and the time: what every step of a run sees. */
function requestVariables({ roles, actor, flags }: System): Readonly<Record<string, Variable>> {
  const claims = (actor?.claims ?? []).map(({ name, type: { list, scalar } }): [string, Variable] => [
    name,
    value(list ? { kind: "list", of: { kind: scalar } } : { kind: scalar }),
  ]);
  return {
    actor: record({
      id: value({ kind: "uuid" }),
      tenantId: value({ kind: "uuid" }),
      kind: value(oneOf(["anonymous", "key", "service", "user"])),
      roles: value({ kind: "list", of: oneOf(roles.map(({ name }) => name)) }),
      permissions: value({ kind: "list", of: { kind: "string" } }),
      claims: record(Object.fromEntries(claims)),
    }),
    request: record({ time: value({ kind: "timestamp" }) }),
    flags: record(Object.fromEntries(flags.map(({ name }) => [name, value({ kind: "bool" })]))),
  };
}
