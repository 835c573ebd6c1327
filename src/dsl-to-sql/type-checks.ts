/**
 * What a field's type demands of its values: as CHECKs, where the IR does not
 * already hold one of the same name (`invoice_status_check`), and of an
 * action's input.
 */
import { printString } from "../expression/print.ts";
import { type Entity, type Field, objectName, type System } from "../model/index.ts";
import { array, binary, column, literal, type SqlExpression } from "../sql-ast/expressions.ts";
import { isStored } from "./model-index.ts";

/** As SQL, or as the text of an expression over `row`. */
export type TypeCheck =
  | { readonly name: string; readonly sql: SqlExpression }
  | { readonly name: string; readonly expression: string };

export interface ValueCheck {
  readonly expression: string;
  /** Follows the field's name: "must have at most 80 characters". */
  readonly message: string;
}

/** Letters and digits, joined by `-`, `_` or `.`. */
const SLUG_PATTERN = "^[A-Za-z0-9]+([_.\\-][A-Za-z0-9]+)*$";
const SLUG_MAX = 100;

export function typeChecks(entity: Entity, system: System): TypeCheck[] {
  const inferred = new Set(entity.checks.filter((check) => check.inferred !== undefined).map((check) => check.name));
  return entity.fields.flatMap((field): TypeCheck[] => {
    if (!isStored(field)) return [];
    const name = objectName(entity.table, field.storage.column, "check");
    if (inferred.has(name)) return [];
    const sql = rolesCheck(field, field.storage.column, system);
    if (sql !== undefined) return [{ name, sql }];
    const check = valueCheck(field, `row.${field.name}`);
    return check === undefined ? [] : [{ name, expression: check.expression }];
  });
}

/** The roles of a membership are roles that the system knows. */
export function rolesCheck({ type }: Field, name: string, system: System): SqlExpression | undefined {
  if (type.kind !== "scalar" || type.scalar !== "roles") return undefined;
  const roles = system.roles.filter((role) => role.of === "tenant").map((role) => role.name);
  const known = roles.sort().map((role) => literal(role));
  return binary("@>", array(known, "text[]"), column(undefined, name));
}

/** In the expression language: its patterns are a subset that PostgreSQL reads the same. */
export function valueCheck({ type }: Field, path: string): ValueCheck | undefined {
  if (type.kind === "state") {
    return {
      expression: `${path} in [${type.states.map(printString).join(", ")}]`,
      message: `must be one of: ${type.states.join(", ")}`,
    };
  }
  if (type.kind !== "scalar") return undefined;
  const terms: ValueCheck[] = [];
  const limit = (expression: string, message: string): unknown => terms.push({ expression, message });
  if (type.scalar === "slug") {
    const max = type.max ?? SLUG_MAX;
    limit(`${path}.size() <= ${max}`, `must have at most ${max} characters`);
    limit(`${path}.matches(${printString(SLUG_PATTERN)})`, "must be letters and digits, joined by - _ or .");
  }
  if (type.scalar === "text") {
    const { min, max, pattern } = type;
    if (min !== undefined) limit(`${path}.size() >= ${min}`, `must have at least ${min} characters`);
    if (max !== undefined) limit(`${path}.size() <= ${max}`, `must have at most ${max} characters`);
    if (pattern !== undefined) limit(`${path}.matches(${printString(pattern)})`, `must match ${pattern}`);
  }
  if (terms.length === 0) return undefined;
  return {
    expression: terms.map((term) => term.expression).join(" && "),
    message: terms.map((term) => term.message).join(", and "),
  };
}
