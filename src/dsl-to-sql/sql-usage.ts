/**
 * What a piece of SQL names: columns of an alias, tables behind `from`. Asked of
 * the printed tree and not of the expression, so that the answer cannot differ
 * from what the database will run.
 */
import type { CallNode, ColumnNode, SqlExpression } from "../sql-ast/expressions.ts";

/** The columns of an alias that a tree names, sorted. */
export function columnsOf(sql: SqlExpression, alias: string): readonly string[] {
  const found = new Set<string>();
  visit(sql, (node) => {
    if (isColumn(node) && node.table === alias) found.add(node.name);
  });
  return [...found].sort();
}

/** The tables that a tree reads, or of whose type it makes rows, sorted. */
export function tablesOf(sql: SqlExpression): readonly string[] {
  const found = new Set<string>();
  visit(sql, (node) => {
    if ("kind" in node && node.kind === "table" && "table" in node && isName(node.table)) found.add(node.table.name);
    if ("kind" in node && node.kind === "null-row" && "of" in node && isName(node.of)) found.add(node.of.name);
  });
  return [...found].sort();
}

/** The functions of a schema that a tree calls, with the number of what they are given. */
export function callsOf(
  sql: SqlExpression,
  schema: string,
): readonly { readonly name: string; readonly arity: number }[] {
  const found: { name: string; arity: number }[] = [];
  visit(sql, (node) => {
    if (!isCall(node) || node.function.schema !== schema) return;
    found.push({ name: node.function.name, arity: node.arguments.length });
  });
  return found;
}

/** A copy in which columns of one alias stand for something else. */
export function replaceColumns(
  sql: SqlExpression,
  alias: string,
  replacement: (column: string) => SqlExpression,
): SqlExpression {
  return replaceNode(sql, alias, replacement) as SqlExpression;
}

function replaceNode(node: unknown, alias: string, replacement: (column: string) => SqlExpression): unknown {
  if (Array.isArray(node)) return node.map((part) => replaceNode(part, alias, replacement));
  if (typeof node !== "object" || node === null) return node;
  if (isColumn(node) && node.table === alias) return replacement(node.name);
  const copy: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(node)) copy[key] = replaceNode(part, alias, replacement);
  return copy;
}

function visit(node: object, see: (node: object) => void): void {
  see(node);
  for (const part of Object.values(node)) if (typeof part === "object" && part !== null) visit(part, see);
}

const isColumn = (node: object): node is ColumnNode =>
  "kind" in node && node.kind === "column" && "name" in node && typeof node.name === "string";

const isCall = (node: object): node is CallNode =>
  "kind" in node && node.kind === "call" && "function" in node && "arguments" in node;

const isName = (value: unknown): value is { readonly name: string } =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
