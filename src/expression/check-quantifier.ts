/** What asks each row of a relation, or each item of a list: `rows.exists(x, p)`, `all`, `filter` and `map`. */
import { type CheckContext, type Checked, listNames, type Scope, wrongArguments } from "./check-context.ts";
import { entityOf } from "./check-names.ts";
import { BOOL, checkCondition } from "./check-operators.ts";
import type { Binding, RowsLike } from "./core.ts";
import { LIMITS } from "./limits.ts";
import { type MethodSyntax, RESERVED_WORDS, type Syntax } from "./syntax.ts";
import { describeType, isScalar } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

export function checkQuantifier(
  syntax: MethodSyntax,
  rows: RowsLike,
  form: string,
  scope: Scope,
  context: CheckContext,
): Checked {
  const { range } = syntax;
  const [name, part, ...more] = syntax.arguments;
  if (name === undefined || part === undefined || more.length > 0) return wrongArguments(syntax, form, context);
  const opened = openScope(name, rows, scope, context);
  if (opened === undefined) return undefined;
  const { variable, binding } = opened;
  if (syntax.name === "map") {
    const body = context.value(part, opened.scope);
    if (body === undefined) return undefined;
    if (!isScalar(body.type)) {
      return context.report("EJS2010", `map() takes single values, found ${describeType(body.type)}.`, part.range);
    }
    const type = { kind: "list", of: body.type } as const;
    return { kind: "map", rows, variable, binding, body, type, nullable: false, range };
  }
  const predicate = checkCondition(part, opened.scope, context);
  if (predicate === undefined) return undefined;
  if (syntax.name === "filter") {
    return {
      kind: "filter",
      entity: rows.entity,
      rows,
      variable,
      binding,
      predicate,
      type: rows.type,
      nullable: false,
      range,
    };
  }
  const kind = syntax.name === "exists" ? "exists" : "all";
  return { kind, rows, variable, binding, predicate, type: BOOL, nullable: predicate.nullable, range };
}

function openScope(
  name: Syntax,
  rows: RowsLike,
  scope: Scope,
  context: CheckContext,
): { variable: string; binding: Binding; scope: Scope } | undefined {
  if (name.kind !== "name" || RESERVED_WORDS.has(name.name)) {
    return context.report("EJS2015", "The first argument names the row: rows.exists(x, x.…).", name.range);
  }
  if (scope.bound.has(name.name) || Object.hasOwn(scope.variables, name.name)) {
    const taken = [...scope.bound.keys(), ...Object.keys(scope.variables)];
    return context.report(
      "EJS2022",
      `"${name.name}" is already a name here.`,
      name.range,
      `Taken: ${listNames(taken)}.`,
    );
  }
  const quantifiers = scope.quantifiers + 1;
  const expandedQuantifiers = scope.expandedQuantifiers + 1;
  if (quantifiers > LIMITS.quantifiers || expandedQuantifiers > LIMITS.expandedQuantifiers) {
    const limit = quantifiers > LIMITS.quantifiers ? LIMITS.quantifiers : LIMITS.expandedQuantifiers;
    return context.report(
      "EJS2006",
      `exists, all, filter and map are nested more than ${limit} levels deep.`,
      name.range,
    );
  }
  const binding = context.freshBinding();
  const item = itemType(rows);
  if (item === undefined) entityOf(rows.entity, context);
  const bound = new Map(scope.bound).set(name.name, { entity: rows.entity, binding, ...(item && { item }) });
  return { variable: name.name, binding, scope: { ...scope, bound, quantifiers, expandedQuantifiers } };
}

/** What the items of a list are, filtered or not; undefined for rows. */
export function itemType(rows: RowsLike): ExpressionType | undefined {
  if (rows.kind === "filter") return itemType(rows.rows);
  return rows.kind === "items" && rows.list.type.kind === "list" ? rows.list.type.of : undefined;
}
