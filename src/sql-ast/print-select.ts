/** A select over several lines, as it stands in the body of a function. */
import type { RecursiveNode, SelectNode, SqlExpression } from "./expressions.ts";
import { printExpression, printFrom } from "./print-expression.ts";
import { quoteIdentifier } from "./quote.ts";

/**
 * One clause per line, the terms of its conjunctions under each other.
 *
 * @param into the pl/pgSQL variable that takes the row
 */
export function printSelectLines(node: SelectNode, into?: string): string[] {
  const columns = node.columns.map(
    ({ value, alias }) => printExpression(value) + (alias === undefined ? "" : ` as ${quoteIdentifier(alias)}`),
  );
  const lines = [...recursiveLines(node.recursive), `select ${columns.join(", ")}`.trimEnd()];
  if (into !== undefined) lines.push(`into ${quoteIdentifier(into)}`);
  if (node.from !== undefined) lines.push(`from ${printFrom(node.from)}`);
  for (const join of node.joins ?? [])
    lines.push(`${join.type} ${printFrom(join.item)} on ${printExpression(join.on)}`);
  if (node.where !== undefined) lines.push(...printConditionLines("where ", node.where));
  if (node.unionAll !== undefined) {
    const next = printSelectLines(node.unionAll);
    // A `with` binds to the whole union unless it stands in parentheses.
    lines.push("union all", ...(node.unionAll.recursive === undefined ? next : ["(", ...next, ")"]));
  }
  if (node.orderBy !== undefined) {
    const terms = node.orderBy.map((o) => printExpression(o.value) + (o.direction === "desc" ? " desc" : ""));
    lines.push(`order by ${terms.join(", ")}`);
  }
  if (node.limit !== undefined) lines.push(`limit ${Math.trunc(node.limit)}`);
  if (node.forUpdate) lines.push("for update");
  if (node.forKeyShare) lines.push("for key share");
  return lines;
}

function recursiveLines(node: RecursiveNode | undefined): string[] {
  if (node === undefined) return [];
  const part = (select: SelectNode): string[] => printSelectLines(select).map((line) => `  ${line}`);
  const columns = node.columns.map(quoteIdentifier).join(", ");
  return [
    `with recursive ${quoteIdentifier(node.name)} (${columns}) as (`,
    ...part(node.first),
    "  union",
    ...part(node.next),
    ")",
  ];
}

/** `where a`, then `  and b` for each further term. */
export function printConditionLines(prefix: string, condition: SqlExpression): string[] {
  if (condition.kind !== "and") return [prefix + printExpression(condition)];
  return condition.terms.map((term, index) => {
    const text = term.kind === "or" ? `(${printExpression(term)})` : printExpression(term);
    return index === 0 ? prefix + text : `  and ${text}`;
  });
}
