/**
 * The rows above a row, over a reference of its entity to itself, as SQL:
 *
 *     with recursive up (id, parent_id) as (
 *       select p.id, p.parent_id from folder as p where p.id = row.parent_id
 *       union select p.id, p.parent_id from up join folder as p on p.id = up.parent_id
 *     ) select … from up join folder on folder.id = up.id
 *
 * `union` drops what was found before, so that a circle ends. Only keys are carried: not every type can be told apart.
 */
import { and, binary, column, cte, is, type SelectNode, select, table } from "../sql-ast/expressions.ts";
import type { AncestorsCore, RowCore } from "./core.ts";
import { columnOf, type Made, type SqlContext, selectRelated } from "./sql-context.ts";

export function selectAncestors(rows: AncestorsCore, make: (alias: string) => Made, context: SqlContext): SelectNode {
  const { target, self } = rows;
  if (!self || target.kind === "one") return climb(rows, make, context);
  // The row itself is given, and may not be in its table yet: a policy asks about the row that is being made.
  const own = make(context.aliases.of(target));
  const id = idOf(target);
  const there = target.nullable ? [is(columnOf(target, id, context), "not null")] : [];
  const others = climb(
    { ...rows, self: false },
    (alias) => {
      const { columns, conditions } = make(alias);
      return { columns, conditions: [binary("<>", column(alias, id), columnOf(target, id, context)), ...conditions] };
    },
    context,
  );
  const conditions = [...there, ...own.conditions];
  return select({
    columns: own.columns,
    ...(conditions.length === 0 ? {} : { where: and(...conditions) }),
    unionAll: others,
  });
}

const idOf = (row: RowCore): string => row.key.at(-1) ?? "id";

function climb(rows: AncestorsCore, make: (alias: string) => Made, context: SqlContext): SelectNode {
  const { target, self, key, reference, table: name } = rows;
  const up = context.aliases.fresh();
  const carried = [...new Set([...key, ...reference.map((pair) => pair.column)])];
  const carry = (alias: string): Made => ({
    columns: carried.map((each) => ({ value: column(alias, each) })),
    conditions: [],
  });
  const columns = self ? key.map((each) => ({ column: each, references: each })) : reference;
  const first = selectRelated({ target, table: name, columns }, carry, context);
  const [below, above] = [context.aliases.fresh(), context.aliases.fresh()];
  const step = reference.map((pair) => binary("=", column(above, pair.references), column(below, pair.column)));
  const next = select({
    columns: carry(above).columns,
    from: cte(up, below),
    joins: [{ type: "join", item: table(name, above), on: and(...step) }],
  });
  const [reached, row] = [context.aliases.fresh(), context.aliases.fresh()];
  const same = key.map((each) => binary("=", column(row, each), column(reached, each)));
  const made = make(row);
  return select({
    recursive: { name: up, columns: carried, first, next },
    columns: made.columns,
    from: cte(up, reached),
    joins: [{ type: "join", item: table(name, row), on: and(...same) }],
    ...(made.conditions.length === 0 ? {} : { where: and(...made.conditions) }),
  });
}
