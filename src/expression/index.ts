/**
 * The expression language: CEL's syntax, our own profile, SQL's logic. Pure:
 * no file, no connection, no clock; it runs in a browser.
 *
 * text → `parse` → syntax → `check` → typed core → `evaluate` or `toSql`;
 * the builder's symbols → `toText` → text; syntax → `print` → canonical text.
 */
export {
  createSymbols,
  date,
  duration,
  type ExpressionSymbol,
  has,
  isSymbol,
  max,
  member,
  min,
  now,
  type SymbolText,
  siteOf,
  sum,
  toText,
  when,
} from "./builder.ts";
export type { Catalog, CatalogEntity, CatalogField, Environment, Variable } from "./catalog.ts";
export { check } from "./check.ts";
export * from "./core.ts";
export { formatDecimal, parseDecimal } from "./decimal.ts";
export { evaluate, isTrue } from "./evaluate.ts";
export type { Range } from "./expression-error.ts";
export { LIMITS } from "./limits.ts";
export { parse } from "./parse.ts";
export { print, printString } from "./print.ts";
export { entitiesRead, references } from "./references.ts";
export type { Syntax } from "./syntax.ts";
export { formatDate, formatTimestamp, parseDate, parseTimestamp } from "./temporal.ts";
export { toCondition, toSql } from "./to-sql.ts";
export { describeType } from "./type-names.ts";
export type { ExpressionType } from "./types.ts";
export { findUntrackedOperators } from "./untracked-operators.ts";
export type { EvaluatedRow, Value } from "./values.ts";
export { walk } from "./walk.ts";
