/** `row.selfAndAncestors("parent").exists(f, …)` asks of a row that may not be in its table yet. */
import type { Core, QuantifierCore, RowsLike } from "../expression/core.ts";
import { isOwnRow, rebind } from "./turn-around.ts";

/**
 * Takes such a condition apart into what it asks of the row itself, which is given (a policy asks about the row that is
 * being made, too), and of the rows above it. Undefined for any other condition.
 */
export function ownAndAbove(core: Core): readonly [own: Core, above: Core] | undefined {
  if (core.kind !== "exists") return undefined;
  const conditions: Pick<QuantifierCore, "binding" | "predicate">[] = [core];
  let rows: RowsLike = core.rows;
  while (rows.kind === "filter") {
    conditions.unshift(rows);
    rows = rows.rows;
  }
  if (rows.kind !== "ancestors" || !rows.self || !isOwnRow(rows.target)) return undefined;
  const { target } = rows;
  const own = conditions.map(({ binding, predicate }) => rebind(predicate, binding, target));
  const [first] = own;
  if (first === undefined) return undefined;
  const { type, nullable, range } = core;
  return [
    own.length === 1 ? first : { kind: "and", operands: own, type, nullable, range },
    { ...core, rows: withoutSelf(core.rows) },
  ];
}

function withoutSelf(rows: RowsLike): RowsLike {
  if (rows.kind === "filter") return { ...rows, rows: withoutSelf(rows.rows) };
  return rows.kind === "ancestors" ? { ...rows, self: false } : rows;
}
