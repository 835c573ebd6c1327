/** The type of symbols of which nothing is known yet. */
import type { family } from "./value-symbols.ts";

// biome-ignore lint/suspicious/noExplicitAny: before the declaration file exists nothing is known of a value
type Anything = any;

/**
 * A row, or anything taken from one, before the declaration file exists: every
 * field is there and fits everywhere. No plain `any`: the parameters of
 * callbacks given to its methods would then have no type, an error under `strict`.
 */
export type UnknownSymbol = UnknownMethods & { readonly [field: string]: UnknownSymbol };

interface UnknownMethods {
  readonly [family]: Anything;
  exists(predicate: (row: UnknownSymbol) => Anything): Anything;
  all(predicate: (row: UnknownSymbol) => Anything): Anything;
  filter(predicate: (row: UnknownSymbol) => Anything): UnknownSymbol & Anything;
  map(value: (row: UnknownSymbol) => Anything): Anything;
  ancestors(reference: string): UnknownSymbol;
  selfAndAncestors(reference: string): UnknownSymbol;
  (...operands: readonly Anything[]): Anything;
}
