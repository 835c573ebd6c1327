/** What is made of many rows, as SQL: their number, their values as a list, and a sum, least or greatest of these. */
import {
  arraySelect,
  call,
  cast,
  collate,
  countStar,
  literal,
  type SqlExpression,
  scalarSelect,
} from "../sql-ast/expressions.ts";
import type { AggregateCore, CountCore, MapCore, RowsLike } from "./core.ts";
import { bodyValue, overDerived, type SqlContext } from "./sql-context.ts";
import { selectRows } from "./sql-rows.ts";

export function printCount({ rows }: CountCore, context: SqlContext): SqlExpression {
  // count(*) has no argument that could belong to the outer query: no derived table, unless the rows are a union.
  return sourceOf(rows).kind === "ancestors"
    ? overDerived(
        selectRows(rows, () => ({ value: literal(1) }), context),
        () => countStar(),
        context,
      )
    : scalarSelect(selectRows(rows, () => ({ value: countStar() }), context));
}

const sourceOf = (rows: RowsLike): RowsLike => (rows.kind === "filter" ? sourceOf(rows.rows) : rows);

export const printMap = (core: MapCore, context: SqlContext): SqlExpression =>
  arraySelect(selectRows(core.rows, (alias) => ({ value: bodyValue(core, alias, context) }), context));

export function printAggregate(core: AggregateCore, context: SqlContext): SqlExpression {
  const text = core.type.kind === "string";
  const rows = selectRows(
    core.rows,
    (alias) => {
      const body = bodyValue(core, alias, context);
      return { value: text ? collate(body, "C") : body };
    },
    context,
  );
  const result = overDerived(
    rows,
    (v) => {
      if (core.operator !== "sum") return call(core.operator, v);
      if (core.type.kind === "duration") return call("coalesce", call("sum", v), literal("00:00:00", "interval"));
      const sum = call("coalesce", call("sum", v), literal(0));
      // sum(bigint) is numeric.
      return core.type.kind === "int" ? cast(sum, "bigint") : sum;
    },
    context,
  );
  // Said again outside: beside a column with a collation of its own the sub-select's would be ambiguous.
  return text ? collate(result, "C") : result;
}
