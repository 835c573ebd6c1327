/** Where a column behind to-one relations is really read: joins are left out wherever a foreign key already holds the value. */
import type { OneCore, RowCore, RowLike } from "./core.ts";

export interface ColumnPath {
  /** The row that the path starts from. */
  readonly base: RowCore;
  /** The relations that have to be joined, none where the base row itself holds the value. */
  readonly hops: readonly OneCore[];
  /** The column, of the last hop's table or of the base row. */
  readonly column: string;
  /** A column of the base row: where it is null, so is the value. */
  readonly unlessNull?: string;
}

/** The foreign key's own column of a relation: it alone tells whether the reference is there. The tenant's, before it, may be shared. */
export function referenceColumn(one: OneCore): string {
  const pair = one.columns.at(-1);
  if (pair === undefined) throw new RangeError(`relation "${one.field}" to ${one.entity} joins on no column`);
  return pair.column;
}

/** The relations between a row and the variable that it starts from. */
export function hopsOf(target: RowLike): { base: RowCore; hops: readonly OneCore[] } {
  const hops: OneCore[] = [];
  let at = target;
  while (at.kind === "one") {
    hops.unshift(at);
    at = at.target;
  }
  return { base: at, hops };
}

/**
 * Resolves a column of a row: `row.customer.id` is `invoice.customer_id`, without
 * a join; so is each column of the target that the foreign key repeats.
 */
export function resolveColumn(target: RowLike, column: string): ColumnPath {
  if (target.kind === "row") return { base: target, hops: [], column };
  const pair = target.columns.find((candidate) => candidate.references === column);
  if (pair !== undefined) {
    // The tenant's column is there although the reference is absent: it may stand in only where the reference is required.
    if (pair.column === referenceColumn(target) || !target.optional) return resolveColumn(target.target, pair.column);
    if (target.target.kind === "row") {
      return { base: target.target, hops: [], column: pair.column, unlessNull: referenceColumn(target) };
    }
  }
  return { ...hopsOf(target), column };
}

/** Whether the base row alone tells if a to-one relation is there. */
export const resolveReference = (one: OneCore): ColumnPath => resolveColumn(one.target, referenceColumn(one));
