/** What a condition's names are, for the checker: types only, their values come with each decision. */
import type { Catalog, Environment, ExpressionType, Variable } from "../expression/index.ts";
import { expressionType, type Field, type System } from "../model/index.ts";
import { literal } from "../sql-ast/expressions.ts";

const STRING: ExpressionType = { kind: "string" };

/** No SQL is printed here. */
const value = (type: ExpressionType, nullable: boolean): Variable => ({
  kind: "value",
  type,
  nullable,
  sql: literal(null),
});

const record = (fields: Readonly<Record<string, Variable>>): Variable => ({ kind: "record", fields });

/** `row`, `actor`, `request` and `flags`; with an action's guards also `input`. */
export function conditionEnvironment(
  system: System,
  catalog: Catalog,
  entity: string | undefined,
  input: readonly Field[] = [],
): Environment {
  const claims = system.actor?.claims ?? [];
  return {
    catalog,
    variables: {
      ...(entity === undefined ? {} : { row: { kind: "row", entity, nullable: false, alias: "row" } as const }),
      actor: record({
        id: value({ kind: "uuid" }, true),
        tenantId: value({ kind: "uuid" }, true),
        kind: value(STRING, false),
        roles: value({ kind: "list", of: STRING }, false),
        permissions: value({ kind: "list", of: STRING }, false),
        claims: record(
          Object.fromEntries(
            claims.map(({ name, type: { list, scalar } }) => [
              name,
              list ? value({ kind: "list", of: { kind: scalar } }, false) : value({ kind: scalar }, true),
            ]),
          ),
        ),
      }),
      request: record({
        time: value({ kind: "timestamp" }, false),
        origin: value(STRING, true),
        ip: value(STRING, true),
      }),
      flags: record(Object.fromEntries(system.flags.map(({ name }) => [name, value({ kind: "bool" }, false)]))),
      ...(input.length === 0
        ? {}
        : { input: record(Object.fromEntries(input.map((field) => [field.name, inputValue(field)]))) }),
    },
  };
}

const inputValue = (field: Field): Variable =>
  value(field.type.kind === "one" ? { kind: "uuid" } : expressionType(field.type), !field.required);

/** The scalars of one row: CHECKs and generated columns. */
export const sameRowEnvironment = (catalog: Catalog, entity: string): Environment => ({
  catalog,
  variables: { row: { kind: "row", entity, nullable: false, alias: "" } },
  sameRowOnly: true,
});

/** A claim's expression: here `actor` is the actor's row. */
export const claimEnvironment = (catalog: Catalog, entity: string): Environment => ({
  catalog,
  variables: { actor: { kind: "row", entity, nullable: false, alias: "actor" } },
});
