/** The rows of a relation, above a row, or the items of a list, as a select. */
import { and, call, fromFunction, type SelectNode, type SqlExpression, select } from "../sql-ast/expressions.ts";
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
  switch (source.kind) {
    case "many":
      return selectRelated(source, made, context);
    case "ancestors":
      return selectAncestors(source, made, context);
    case "items": {
      const from = call("unnest", context.value(source.list));
      const alias = context.aliases.fresh();
      const { columns, conditions } = made(alias);
      return select({
        columns,
        from: fromFunction(from, alias),
        ...(conditions.length > 0 && { where: and(...conditions) }),
      });
    }
    default:
      return source satisfies never;
  }
}
