/** What the parts of the SQL printer share: aliases, rows in place, columns behind paths. */
import {
  and,
  binary,
  branch,
  caseWhen,
  column,
  derived,
  type FromItem,
  is,
  type JoinNode,
  type QualifiedName,
  type SelectNode,
  type SqlExpression,
  scalarSelect,
  select,
  table,
} from "../sql-ast/expressions.ts";
import type { JoinColumn } from "./catalog.ts";
import { type ColumnPath, hopsOf, resolveColumn, resolveReference } from "./column-path.ts";
import {
  type Binding,
  type Core,
  ENVIRONMENT,
  type OneCore,
  type RowCore,
  type RowLike,
  type SideColumnCore,
} from "./core.ts";
import { walk } from "./walk.ts";

export interface SqlContext {
  /** The value of an expression; null where it is null or unknown. */
  readonly value: (core: Core) => SqlExpression;
  /** A condition that is true exactly where the expression is `want`; where it is not, it is false or null. */
  readonly truth: (core: Core, want: boolean) => SqlExpression;
  readonly aliases: Aliases;
}

/** Names for rows: the environment's as they are, fresh ones (`t1`, `t2`, …) that collide with none of them. */
export class Aliases {
  private readonly taken: ReadonlySet<string>;
  private readonly bound = new Map<Binding, string>();
  private count = 0;

  constructor(core: Core, reserved: Iterable<string>) {
    const taken = new Set(reserved);
    for (const node of walk(core)) {
      if (node.kind === "row" && node.alias !== undefined) taken.add(node.alias);
      if (node.kind === "value") collectTables(node.sql, taken);
    }
    this.taken = taken;
  }

  fresh(): string {
    let alias: string;
    do {
      alias = `t${++this.count}`;
    } while (this.taken.has(alias));
    return alias;
  }

  bind(binding: Binding, alias: string): void {
    this.bound.set(binding, alias);
  }

  /** What stands for the item of a list. */
  at(binding: Binding): string {
    const alias = this.bound.get(binding);
    if (alias === undefined) throw new RangeError("no alias stands for an item");
    return alias;
  }

  of(row: RowCore): string {
    const alias = row.binding === ENVIRONMENT ? row.alias : this.bound.get(row.binding);
    if (alias === undefined) throw new RangeError(`no alias stands for "${row.path.join(".")}"`);
    return alias;
  }
}

/** Every table name that an environment's SQL mentions, wherever it stands in the tree. */
function collectTables(node: unknown, found: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  if ("table" in node && typeof node.table === "string") found.add(node.table);
  if ("alias" in node && typeof node.alias === "string") found.add(node.alias);
  for (const part of Object.values(node)) collectTables(part, found);
}

/** A column of a row variable; an empty alias stands for the bare column of a CHECK constraint. */
export const columnOf = (row: RowCore, name: string, { aliases }: SqlContext): SqlExpression =>
  column(aliases.of(row) === "" ? undefined : aliases.of(row), name);

/** The tables of a chain of to-one relations, each with an alias, and how they hang on the base row and on each other. */
interface Chain {
  readonly from: FromItem;
  readonly joins: readonly JoinNode[];
  readonly where: SqlExpression;
  readonly aliases: readonly string[];
}

function chain(base: RowCore, hops: readonly [OneCore, ...OneCore[]], context: SqlContext): Chain {
  const [first, ...rest] = hops;
  const aliases = [context.aliases.fresh()];
  const from = table(first.table, aliases[0] ?? "");
  const where = and(
    ...first.columns.map((pair) =>
      binary("=", column(aliases[0], pair.references), columnOf(base, pair.column, context)),
    ),
  );
  const joins: JoinNode[] = [];
  for (const hop of rest) {
    const previous = aliases.at(-1);
    const alias = context.aliases.fresh();
    const on = hop.columns.map((pair) => binary("=", column(alias, pair.references), column(previous, pair.column)));
    joins.push({ type: "join", item: table(hop.table, alias), on: and(...on) });
    aliases.push(alias);
  }
  return { from, joins, where, aliases };
}

const isNonEmpty = <T>(items: readonly T[]): items is readonly [T, ...T[]] => items.length > 0;

const selectFrom = (value: SqlExpression, { from, joins, where }: Omit<Chain, "aliases">): SelectNode =>
  select({ columns: [{ value }], from, where, ...(joins.length > 0 ? { joins } : {}) });

/** A column behind a path: of the row itself, or from a sub-select. */
function pathValue(path: ColumnPath, context: SqlContext): SqlExpression {
  if (!isNonEmpty(path.hops)) {
    const value = columnOf(path.base, path.column, context);
    if (path.unlessNull === undefined) return value;
    const present = is(columnOf(path.base, path.unlessNull, context), "not null");
    return caseWhen([branch(present, value)]);
  }
  const joined = chain(path.base, path.hops, context);
  return scalarSelect(selectFrom(column(joined.aliases.at(-1), path.column), joined));
}

/** A field in a side table, found by the key of its row, which the references to that row hold already. */
export function sideValue(core: SideColumnCore, context: SqlContext): SqlExpression {
  const columns = core.key.map((name) => ({ column: name, references: name }));
  const { target, table: side } = core;
  const make = (alias: string): Made => ({ columns: [{ value: column(alias, core.column) }], conditions: [] });
  return scalarSelect(selectRelated({ target, table: side, columns }, make, context));
}

export const columnValue = (target: RowLike, name: string, context: SqlContext): SqlExpression =>
  pathValue(resolveColumn(target, name), context);

/** A column that is null exactly where the row is not there. */
export function presenceColumn(row: RowLike, context: SqlContext): SqlExpression {
  return row.kind === "one"
    ? pathValue(resolveReference(row), context)
    : columnOf(row, row.key.at(-1) ?? "id", context);
}

/**
 * Puts a row of its own in place of a target that lies behind to-one relations,
 * and hands `make` the alias: the select has no row where the target is null.
 */
export function selectTarget(
  target: OneCore,
  make: (alias: string) => { readonly value: SqlExpression; readonly where?: SqlExpression },
  context: SqlContext,
): SelectNode {
  const { base, hops } = hopsOf(target);
  if (!isNonEmpty(hops)) throw new RangeError("a to-one relation has at least one hop");
  const joined = chain(base, hops, context);
  const made = make(joined.aliases.at(-1) ?? "");
  const where = made.where === undefined ? joined.where : and(joined.where, made.where);
  return selectFrom(made.value, { ...joined, where });
}

/** What a select of related rows gives of each, and which of them. */
export interface Made {
  readonly columns: SelectNode["columns"];
  readonly conditions: readonly SqlExpression[];
}

/** The rows of a table whose columns equal those of a row, wherever that row stands. */
export function selectRelated(
  related: {
    readonly target: RowLike;
    readonly table: QualifiedName;
    readonly columns: readonly JoinColumn[];
  },
  make: (alias: string) => Made,
  context: SqlContext,
): SelectNode {
  const { target } = related;
  const paths = related.columns.map((pair) => ({ pair, path: resolveColumn(target, pair.column) }));
  const longest = paths.reduce<ColumnPath["hops"]>(
    (most, { path }) => (path.hops.length > most.length ? path.hops : most),
    [],
  );
  const { base } = hopsOf(target);
  const joined = isNonEmpty(longest) ? chain(base, longest, context) : undefined;
  const alias = context.aliases.fresh();
  // A tenant's column that stands in for an absent reference needs no guard as long as the reference is compared, too.
  const reference = target.kind === "one" ? resolveReference(target).column : undefined;
  const guarded = !paths.some(({ path }) => path.unlessNull === undefined && path.column === reference);
  const matches = paths.map(({ pair, path }) => {
    const depth = path.hops.length;
    const { unlessNull: _, ...unguarded } = path;
    const value =
      depth > 0 ? column(joined?.aliases[depth - 1], path.column) : pathValue(guarded ? path : unguarded, context);
    return binary("=", column(alias, pair.references), value);
  });
  const item = table(related.table, alias);
  const { columns, conditions } = make(alias);
  if (joined === undefined) return select({ columns, from: item, where: and(...matches, ...conditions) });
  const join: JoinNode = { type: "join", item, on: and(...matches) };
  return select({
    columns,
    from: joined.from,
    where: and(joined.where, ...conditions),
    joins: [...joined.joins, join],
  });
}

/**
 * A value computed over a derived table: an aggregate that stands in a bare
 * sub-select belongs to the outer query where its argument names only outer columns.
 */
export function overDerived(
  rows: SelectNode,
  make: (value: SqlExpression) => SqlExpression,
  context: SqlContext,
): SqlExpression {
  const alias = context.aliases.fresh();
  const [first] = rows.columns;
  if (first === undefined) throw new RangeError("a derived table needs a column");
  const named = select({ ...rows, columns: [{ value: first.value, alias: "v" }] });
  return scalarSelect(select({ columns: [{ value: make(column(alias, "v")) }], from: derived(named, alias) }));
}

/** The body of a virtual field, a map or an aggregate, of the row that the alias names. */
export function bodyValue(
  core: { readonly binding: Binding; readonly body: Core },
  alias: string,
  context: SqlContext,
): SqlExpression {
  context.aliases.bind(core.binding, alias);
  return context.value(core.body);
}
