/**
 * The functions that PostgreSQL has parsed and that hold a table's row type: `app.invoice_subtotal(app.invoice)`. Its newer
 * minors add no column with a value to a table while there is one ("cannot alter table because function … uses its row
 * type"), so they go before and are made again after, in the same transaction.
 */
import { dotted } from "./object-identity.ts";
import type { Statement } from "./statement.ts";

/** Those of a table, and what calls them; in the order in which they can be dropped. */
export function rowTypeFunctions(statements: Iterable<Statement>, table: string): readonly Statement[] {
  const found = new Map<string, Statement>();
  for (const statement of statements) {
    const { node } = statement;
    if (node.kind !== "create function" || (node.body.kind !== "return" && node.body.kind !== "atomic")) continue;
    const takesTheRow = node.parameters.some(({ type }) => typeof type === "object" && dotted(type) === table);
    if (takesTheRow || statement.dependsOn.some((id) => found.has(id))) found.set(statement.id, statement);
  }
  return [...found.values()].reverse();
}
