/** What an expression reads: the columns of which entities, from which variable, over which relations. */
import type { JoinColumn } from "./catalog.ts";
import { type ColumnPath, hopsOf, resolveColumn, resolveReference } from "./column-path.ts";
import {
  type Binding,
  type Core,
  ENVIRONMENT,
  type OneCore,
  type RowCore,
  type RowLike,
  type RowsLike,
} from "./core.ts";
import { children } from "./walk.ts";

/** One column that an expression reads. */
export interface Reference {
  /** The variable of the environment that the reading starts from: `row`, `event.after`. */
  readonly variable: string;
  /** The relations that are followed from it, none for a column of the row itself. */
  readonly path: readonly string[];
  /** The entity and the column that is read there. */
  readonly entity: string;
  readonly column: string;
}

/** Where a bound row comes from. */
interface Origin {
  readonly variable: string;
  readonly path: readonly string[];
  readonly entity: string;
}

/**
 * Every column that an expression reads, each once: what indexes and column
 * rights need. What has a path is read from a table of its own, under that
 * table's policies; a foreign key that is not followed is read from the row itself.
 *
 * @example row.owner.id == actor.id  // [{ variable: "row", path: [], entity: "Invoice", column: "owner_id" }]
 */
export function references(core: Core): readonly Reference[] {
  const found = new Map<string, Reference>();
  new ReferenceCollector((reference) => {
    const { variable, path, entity, column } = reference;
    found.set(JSON.stringify([variable, path, entity, column]), reference);
  }).visit(core);
  return [...found.values()];
}

/** The entities whose tables an expression reads besides the rows that it is given: what policies can refer to each other by. */
export const entitiesRead = (core: Core): ReadonlySet<string> =>
  new Set(references(core).flatMap((reference) => (reference.path.length > 0 ? [reference.entity] : [])));

class ReferenceCollector {
  private readonly found: (reference: Reference) => void;
  private readonly origins = new Map<Binding, Origin>();

  constructor(found: (reference: Reference) => void) {
    this.found = found;
  }

  visit(core: Core): void {
    switch (core.kind) {
      case "column":
        this.read(resolveColumn(core.target, core.column));
        return;
      case "side-column":
        // Found by the key of its row, in a table of its own.
        for (const column of core.key) this.read(resolveColumn(core.target, column));
        return;
      case "virtual":
        if (core.target.kind === "one") this.hops(core.target);
        this.origins.set(core.binding, this.originOf(core.target));
        this.visit(core.body);
        return;
      case "row":
        this.emit(this.originOf(core), core.key.at(-1) ?? "id");
        return;
      case "one":
        this.read(resolveReference(core));
        return;
      case "null-test":
        // The key of a row that the environment says is there is not worth a column.
        if (core.operand.kind !== "row" || core.operand.nullable) this.visit(core.operand);
        return;
      case "exists":
      case "all":
      case "filter":
        this.rows(core.kind === "filter" ? core : core.rows);
        if (core.kind === "filter") return;
        this.origins.set(core.binding, this.rowsOrigin(core.rows));
        this.visit(core.predicate);
        return;
      case "count":
        this.rows(core.rows);
        return;
      case "aggregate":
      case "map":
        this.rows(core.rows);
        this.origins.set(core.binding, this.rowsOrigin(core.rows));
        this.visit(core.body);
        return;
      default:
        for (const child of children(core)) this.visit(child);
    }
  }

  private emit(origin: Origin, column: string): void {
    this.found({ ...origin, column });
  }

  private originOf(target: RowLike): Origin {
    if (target.kind === "one") return this.follow(this.originOf(target.target), target);
    const bound = target.binding === ENVIRONMENT ? undefined : this.origins.get(target.binding);
    return bound ?? { variable: target.path.join("."), path: [], entity: target.entity };
  }

  private follow(origin: Origin, { field, entity }: { field: string; entity: string }): Origin {
    return { variable: origin.variable, path: [...origin.path, field], entity };
  }

  private rowsOrigin(rows: RowsLike): Origin {
    if (rows.kind === "items") return { variable: "", path: [], entity: rows.entity };
    return rows.kind === "filter" ? this.rowsOrigin(rows.rows) : this.follow(this.originOf(rows.target), rows);
  }

  /** The join columns of each relation that is really followed, on both sides. */
  private chain(base: RowCore, hops: readonly OneCore[]): Origin {
    let origin = this.originOf(base);
    for (const hop of hops) {
      const next = this.follow(origin, hop);
      this.join(origin, next, hop.columns);
      origin = next;
    }
    return origin;
  }

  private join(from: Origin, to: Origin, columns: readonly JoinColumn[]): void {
    for (const pair of columns) {
      this.emit(from, pair.column);
      this.emit(to, pair.references);
    }
  }

  private hops(target: OneCore): void {
    const { base, hops } = hopsOf(target);
    this.chain(base, hops);
  }

  private read(path: ColumnPath): void {
    this.emit(this.chain(path.base, path.hops), path.column);
    if (path.unlessNull !== undefined) this.emit(this.originOf(path.base), path.unlessNull);
  }

  private rows(rows: RowsLike): void {
    if (rows.kind === "filter") {
      this.rows(rows.rows);
      this.origins.set(rows.binding, this.rowsOrigin(rows));
      this.visit(rows.predicate);
      return;
    }
    if (rows.kind === "items") {
      this.visit(rows.list);
      return;
    }
    const to = this.rowsOrigin(rows);
    const ancestors = rows.kind === "ancestors";
    for (const pair of ancestors ? rows.reference : rows.columns) {
      this.read(resolveColumn(rows.target, pair.column));
      this.emit(to, pair.references);
      if (ancestors) this.emit(to, pair.column);
    }
  }
}
