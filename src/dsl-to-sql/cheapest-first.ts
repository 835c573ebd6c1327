/** The order in which PostgreSQL asks the parts of a disjunction is the order in which they stand. */
import type { SqlExpression } from "../sql-ast/expressions.ts";
import { callsOf, tablesOf } from "./sql-usage.ts";

/** What needs no function of the schema comes first, then what is gathered once, then what is asked per row; otherwise the order stays. */
export const cheapestFirst = (terms: readonly SqlExpression[], schema: string): SqlExpression[] =>
  terms
    .map((term) => ({ term, cost: costOf(term, schema) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ term }) => term);

const costOf = (term: SqlExpression, schema: string): number =>
  Math.max(tablesOf(term).length > 0 ? 1 : 0, ...callsOf(term, schema).map(({ arity }) => (arity === 0 ? 1 : 2)));
