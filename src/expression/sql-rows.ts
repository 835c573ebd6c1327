/** The rows of a relation, or above a row, as a select. */
import type { SelectNode, SqlExpression } from "../sql-ast/expressions.ts";
import type { FilterCore, RowsLike } from "./core.ts";
import { selectAncestors } from "./sql-ancestors.ts";
import { type Made, type SqlContext, selectRelated } from "./sql-context.ts";

/** Rows of a relation, its filters applied, as a select of `make`'s value. */
export function selectRows(
  rows: RowsLike,
  make: (alias: string) => { readonly value: SqlExpression; readonly where?: SqlExpression },
  context: SqlContext,
): SelectNode {
  const filters: FilterCore[] = [];
  let source = rows;
  while (source.kind === "filter") {
    filters.unshift(source);
    source = source.rows;
  }
  const made = (alias: string): Made => {
    const conditions = filters.map((filter) => {
      context.aliases.bind(filter.binding, alias);
      return context.truth(filter.predicate, true);
    });
    const { value, where } = make(alias);
    return { columns: [{ value }], conditions: where === undefined ? conditions : [...conditions, where] };
  };
  return source.kind === "many" ? selectRelated(source, made, context) : selectAncestors(source, made, context);
}
