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
  type Site,
  type SymbolOptions,
  type SymbolText,
  siteOf,
  sum,
  toText,
  when,
} from "./builder.ts";
export type { Catalog, CatalogEntity, CatalogField, Environment, JoinColumn, Variable } from "./catalog.ts";
export { type CheckResult, check } from "./check.ts";
export { type ColumnPath, hopsOf, resolveColumn, resolveReference } from "./column-path.ts";
export * from "./core.ts";
export { type Decimal, decimal, formatDecimal, parseDecimal } from "./decimal.ts";
export { type EvaluationInput, evaluate, isTrue } from "./evaluate.ts";
export type { ExpressionError, ExpressionErrorCode, Range } from "./expression-error.ts";
export { LIMITS } from "./limits.ts";
export { type ParseResult, parse } from "./parse.ts";
export { print, printString } from "./print.ts";
export { entitiesRead, type Reference, references } from "./references.ts";
export { sqlType } from "./sql-value.ts";
export type { Syntax } from "./syntax.ts";
export { formatDate, formatTimestamp, parseDate, parseDuration, parseTimestamp } from "./temporal.ts";
export { type SqlOptions, toCheck, toCondition, toSql } from "./to-sql.ts";
export { describeType, sameType } from "./type-names.ts";
export type { ExpressionType, ScalarKind, TypedValue } from "./types.ts";
export { findUntrackedOperators, type UntrackedOperator } from "./untracked-operators.ts";
export type { EvaluatedRow, Value } from "./values.ts";
export { children, walk } from "./walk.ts";
