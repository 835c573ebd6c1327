/**
 * Fields that lie in a table of their own, 1:1 with the entity's: not everybody
 * may read them who may read the row.
 */
import { type Entity, type Field, objectName } from "../model/index.ts";
import {
  and,
  binary,
  call,
  column,
  exists,
  table as fromTable,
  not,
  type SqlExpression,
  select,
} from "../sql-ast/expressions.ts";
import { isStored, type ModelIndex, sortedBy } from "./model-index.ts";

export type SideField = Field & { readonly storage: Extract<Field["storage"], { kind: "side" }> };

export const isSide = (field: Field): field is SideField => field.storage.kind === "side";

/** The side fields of an entity, in the order of their tables. */
export const sideFields = (entity: Entity): readonly SideField[] =>
  sortedBy(entity.fields.filter(isSide), (field) => field.storage.table);

/** Whether rows hold a value for it: what only a migration can move. */
export const holdsValues = (field: Field): boolean => isStored(field) || isSide(field);

/** The columns of the entity's key with their types: the side tables have the same. */
export function keyColumns(entity: Entity): { readonly name: string; readonly type: string }[] {
  return entity.primaryKey.columns.map((name) => {
    const field = entity.fields.find((candidate) => isStored(candidate) && candidate.storage.column === name);
    if (field === undefined || !isStored(field)) throw new TypeError(`${entity.name} has no key column ${name}`);
    return { name, type: field.storage.sqlType };
  });
}

/** `a.tenant_id = b.tenant_id and a.id = b.id` */
export const sameKey = (entity: Entity, a: string, b: string): SqlExpression[] =>
  entity.primaryKey.columns.map((name) => binary("=", column(a, name), column(b, name)));

/** The row of the entity behind a row of its side table, as far as whoever asks may see it, where conditions hold. */
export function ownerRow(
  entity: Entity,
  side: string,
  model: ModelIndex,
  conditions: readonly SqlExpression[],
  options: { readonly forKeyShare?: true } = {},
): SqlExpression {
  return exists(
    select({
      columns: [],
      from: fromTable(model.table(entity), entity.table),
      where: and(...sameKey(entity, entity.table, side), ...conditions),
      ...options,
    }),
  );
}

/** Whether this very transaction has made or written a row, in a savepoint or out of one: nobody else has seen it yet. */
export const isFresh = (alias: string): SqlExpression =>
  call({ schema: "enginejs", name: "is_own_write" }, column(alias, "xmin"));
export const isNotFresh = (alias: string): SqlExpression => not(isFresh(alias));

/** Whether actors may give a field a value when its row is made, or later. What never changes is given once. */
export const isWritable = ({ writable, access }: Field, when: "create" | "update"): boolean =>
  writable[when] && (when === "create" || access?.change !== "never");

/** Who a refusal names: the rule for writing, or else the one for reading, which writing needs as well. */
export const writersOf = ({ access }: Field): string =>
  access?.write?.name ?? access?.read?.name ?? "who may change the row";

/** The name of the function that makes or changes a row of an entity with side fields. */
export const writeFunctionName = (entity: Entity, command: "create" | "update"): string =>
  objectName(command, entity.table);

/** The name of the CHECK of a side table. */
export const sideCheckName = ({ storage }: SideField): string => objectName(storage.table, storage.column, "check");
