/** What the names of an expression stand for, in each place that the model has for one. */
import type { Environment, Variable } from "../expression/catalog.ts";
import type { Entity, Field } from "../model/index.ts";
import { expressionType } from "../model/index.ts";
import { type CallNode, call, cast, column, type SqlExpression, scalarSelect, select } from "../sql-ast/expressions.ts";
import type { ModelIndex } from "./model-index.ts";

const core = (name: string): CallNode => call({ schema: "enginejs", name });
export const actorIdCall = core("actor_id");
export const tenantIdCall = core("tenant_id");
const actorRolesCall = core("actor_roles");

/** As a sub-select a function of the request is called once per statement, not once per row. */
export const once = (value: SqlExpression): SqlExpression => scalarSelect(select({ columns: [{ value }] }));

/** `actor`. In a column's DEFAULT no sub-select may stand: there the functions are called plainly. */
function actorVariable(wrap: (value: SqlExpression) => SqlExpression): Variable {
  return {
    kind: "record",
    fields: {
      id: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: wrap(actorIdCall) },
      tenantId: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: wrap(tenantIdCall) },
      roles: {
        kind: "value",
        type: { kind: "list", of: { kind: "string" } },
        nullable: false,
        // With a cast, so that `any (…)` takes it for one array and not for a set of rows.
        sql: cast(wrap(actorRolesCall), "text[]"),
      },
    },
  };
}

/** `row` and `actor`: policies, rules of actions, guards, virtual fields. */
export function rowEnvironment(model: ModelIndex, entity: Entity, alias: string): Environment {
  return {
    catalog: model.catalog,
    variables: {
      row: { kind: "row", entity: entity.name, nullable: false, alias },
      actor: actorVariable(once),
    },
  };
}

/** The scalars of one row, for CHECK constraints and generated columns. An empty alias: columns there stand by themselves. */
export function sameRowEnvironment(model: ModelIndex, entity: Entity): Environment {
  return {
    catalog: model.catalog,
    variables: { row: { kind: "row", entity: entity.name, nullable: false, alias: "" } },
    sameRowOnly: true,
  };
}

/** `actor` and `now()`, for a column's DEFAULT. */
export function defaultEnvironment(model: ModelIndex): Environment {
  return { catalog: model.catalog, variables: { actor: actorVariable((value) => value) } };
}

/** An action's guard and rule: `row`, `actor` and `input`, whose values are the function's parameters. */
export function actionEnvironment(
  model: ModelIndex,
  entity: Entity,
  alias: string,
  input: readonly { readonly field: Field; readonly parameter: string }[],
  functionName: string,
): Environment {
  const fields = input.map(({ field, parameter }): [string, Variable] => [
    field.name,
    {
      kind: "value",
      type: field.type.kind === "one" ? { kind: "uuid" } : expressionType(field.type),
      nullable: !field.required,
      sql: column(functionName, parameter),
    },
  ]);
  const row = rowEnvironment(model, entity, alias);
  return {
    catalog: row.catalog,
    variables: { ...row.variables, input: { kind: "record", fields: Object.fromEntries(fields) } },
  };
}
