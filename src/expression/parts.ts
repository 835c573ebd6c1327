/** Which properties of a node of the typed core are nodes themselves. */
import type { Core, RowLike, RowsLike } from "./core.ts";

/** What may stand in a place: any node, several of them, a row, rows. */
export type Place = "one" | "several" | "row" | "rows";

type PlaceOf<T> = [T] extends [readonly Core[]]
  ? "several"
  : [T] extends [RowLike]
    ? "row"
    : [T] extends [RowsLike]
      ? "rows"
      : "one";

type OfKind<K, C = Core> = C extends { readonly kind: infer T } ? (K extends T ? C : never) : never;

type PartsOf<C> = {
  readonly [P in keyof C as C[P] extends Core | readonly Core[] ? P : never]: PlaceOf<C[P]>;
};

/**
 * By kind, in the order of the text; the body of a virtual field comes after its target. A forgotten kind or part does not
 * compile.
 */
export const PARTS: { readonly [K in Core["kind"]]: PartsOf<OfKind<K>> } = {
  literal: {},
  now: {},
  value: {},
  row: {},
  item: {},
  items: { list: "one" },
  member: { target: "one" },
  column: { target: "row" },
  "side-column": { target: "row" },
  one: { target: "row" },
  many: { target: "row" },
  ancestors: { target: "row" },
  virtual: { target: "row", body: "one" },
  list: { items: "several" },
  filter: { rows: "rows", predicate: "one" },
  exists: { rows: "rows", predicate: "one" },
  all: { rows: "rows", predicate: "one" },
  count: { rows: "rows" },
  aggregate: { rows: "rows", body: "one" },
  map: { rows: "rows", body: "one" },
  and: { operands: "several" },
  or: { operands: "several" },
  not: { operand: "one" },
  // biome-ignore lint/suspicious/noThenProperty: so the part is called, and nothing awaits a table
  conditional: { condition: "one", then: "one", otherwise: "one" },
  compare: { left: "one", right: "one" },
  arithmetic: { left: "one", right: "one" },
  concat: { left: "one", right: "one" },
  "in-list": { operand: "one", items: "several" },
  "in-array": { operand: "one", list: "one" },
  "starts-with": { operand: "one", argument: "one" },
  "ends-with": { operand: "one", argument: "one" },
  contains: { operand: "one", argument: "one" },
  "null-test": { operand: "one" },
  negate: { operand: "one" },
  matches: { operand: "one" },
  "lower-ascii": { operand: "one" },
  size: { operand: "one" },
  convert: { operand: "one" },
};
