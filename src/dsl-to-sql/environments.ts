/** What the names of an expression stand for, in each place that the model has for one. */
import type { Environment, Variable } from "../expression/catalog.ts";
import type { ExpressionType } from "../expression/types.ts";
import type { Entity, Field } from "../model/index.ts";
import { expressionType } from "../model/index.ts";
import {
  anyArray,
  array,
  branch,
  type CallNode,
  call,
  caseWhen,
  cast,
  column,
  literal,
  or,
  type SqlExpression,
  scalarSelect,
  select,
} from "../sql-ast/expressions.ts";
import type { ModelIndex } from "./model-index.ts";

const core = (name: string, ...args: readonly SqlExpression[]): CallNode => call({ schema: "enginejs", name }, ...args);
export const actorIdCall = core("actor_id");
export const tenantIdCall = core("tenant_id");
const actorRolesCall = core("actor_roles");

/** As a sub-select a function of the request is called once per statement, not once per row. */
export const once = (value: SqlExpression): SqlExpression => scalarSelect(select({ columns: [{ value }] }));

/** With a cast, so that `any (…)` takes it for one array and not for a set of rows. */
export const actorRoles: SqlExpression = cast(once(actorRolesCall), "text[]");

type Wrap = (value: SqlExpression) => SqlExpression;

const STRING: ExpressionType = { kind: "string" };
const variable = (type: ExpressionType, nullable: boolean, sql: SqlExpression): Variable => ({
  kind: "value",
  type,
  nullable,
  sql,
});

/** What every actor has, with a claim or without: a column's DEFAULT, too. There no sub-select may stand: the functions are called plainly. */
const actorFields = (wrap: Wrap): Readonly<Record<string, Variable>> => ({
  id: variable({ kind: "uuid" }, true, wrap(actorIdCall)),
  tenantId: variable({ kind: "uuid" }, true, wrap(tenantIdCall)),
  kind: variable(STRING, false, wrap(core("actor_kind"))),
  // With a cast, so that `any (…)` takes it for one array and not for a set of rows.
  roles: variable({ kind: "list", of: STRING }, false, cast(wrap(actorRolesCall), "text[]")),
});

/** `actor`, `request` and `flags`, each read once per statement. */
function requestVariables(model: ModelIndex): Readonly<Record<string, Variable>> {
  const claims = (model.system.actor?.claims ?? []).map((claim): [string, Variable] => {
    const type: ExpressionType = { kind: claim.type.scalar };
    const sql = cast(once(call(model.claimFunction(claim))), claim.type.sqlType);
    return [claim.name, claim.type.list ? variable({ kind: "list", of: type }, false, sql) : variable(type, true, sql)];
  });
  const flags = model.system.flags.map(({ name, default: otherwise }): [string, Variable] => [
    name,
    variable({ kind: "bool" }, false, once(core("flag", literal(name), literal(otherwise)))),
  ]);
  return {
    actor: {
      kind: "record",
      fields: {
        ...actorFields(once),
        permissions: variable({ kind: "list", of: STRING }, false, permissionsOfRoles(model)),
        claims: { kind: "record", fields: Object.fromEntries(claims) },
      },
    },
    request: {
      kind: "record",
      fields: {
        time: variable({ kind: "timestamp" }, false, call("now")),
        origin: variable(STRING, true, once(core("request_origin"))),
        ip: variable(STRING, true, once(core("request_ip"))),
      },
    },
    flags: { kind: "record", fields: Object.fromEntries(flags) },
  };
}

/** What a step of a workflow knows besides its event and the results before it: no request has caused it, so that of `request` there is the time only. */
export function stepRequest(model: ModelIndex): Readonly<Record<string, Variable>> {
  const time = variable({ kind: "timestamp" }, false, call("now"));
  return { ...requestVariables(model), request: { kind: "record", fields: { time } } };
}

/** Who may start a workflow: `actor`, `flags`, `request`, and what the run would be given. */
export function startEnvironment(model: ModelIndex, input: Variable): Environment {
  return { catalog: model.catalog, variables: { ...requestVariables(model), input } };
}

/** All that the actor's roles carry, for what is not a constant's test: `row.needed in actor.permissions`. */
function permissionsOfRoles(model: ModelIndex): SqlExpression {
  const names = [...new Set(model.system.roles.flatMap((role) => role.permissions))].sort();
  const carried = names.map((name) => {
    const when = or(
      ...rolesWith(model, name).map((role) => anyArray(literal(role), cast(once(actorRolesCall), "text[]"))),
    );
    return caseWhen([branch(when, literal(name))]);
  });
  return cast(once(call("array_remove", array(carried, "text[]"), literal(null, "text"))), "text[]");
}

/** The roles that carry a permission. */
export const rolesWith = (model: ModelIndex, permission: string): readonly string[] =>
  model.system.roles
    .filter((role) => role.permissions.includes(permission))
    .map((role) => role.name)
    .sort();

/** `row`, `actor`, `request` and `flags`: policies, rules of actions and fields, guards. */
export function rowEnvironment(model: ModelIndex, entity: Entity, alias: string): Environment {
  return {
    catalog: model.catalog,
    variables: {
      row: { kind: "row", entity: entity.name, nullable: false, alias },
      ...requestVariables(model),
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

/** `row` with one field only, as the column of a side table: for that table's CHECKs. */
export function sideValueEnvironment(
  model: ModelIndex,
  field: Field & { readonly storage: { column: string } },
): Environment {
  const value: Variable = {
    kind: "value",
    type: expressionType(field.type),
    nullable: true,
    sql: column(undefined, field.storage.column),
  };
  return {
    catalog: model.catalog,
    variables: { row: { kind: "record", fields: { [field.name]: value } } },
  };
}

/** `actor` and `now()`, for a column's DEFAULT. */
export function defaultEnvironment(model: ModelIndex): Environment {
  const fields = actorFields((value) => value);
  return { catalog: model.catalog, variables: { actor: { kind: "record", fields } } };
}

/** A claim: `actor` is the actor's row. */
export function claimEnvironment(model: ModelIndex, entity: Entity, alias: string): Environment {
  return {
    catalog: model.catalog,
    variables: { actor: { kind: "row", entity: entity.name, nullable: false, alias } },
  };
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
