/** What the callbacks of conditions see: the row, the actor, the request, the flags. */
import type { FlagName } from "./registry.ts";
import type { Actor, Row } from "./row-symbols.ts";
import type { UnknownSymbol } from "./unknown-symbol.ts";
import type { Bool, Moment, Text } from "./value-symbols.ts";

/** The request that a condition is asked in. */
export interface RequestContext {
  /** The time of the transaction; the same as `now()`. */
  readonly time: Moment;
  /** The page that a browser sent the request from, as its Origin header says; null without one. */
  readonly origin: Text;
  /** The caller's address; null where there is no caller, as in a step of a workflow. */
  readonly ip: Text;
}

/** Switches of the config, as they stand in the database: for this tenant, else for everybody. */
export type FlagSymbols = { readonly [P in FlagName]: Bool };

/** What a condition gives; before the declaration file exists a field by itself may be one. */
export type Truth = Bool | UnknownSymbol;

/** What a condition over a row of type `R` sees. */
export interface ConditionScope<R> {
  readonly row: R;
  readonly actor: Actor;
  readonly request: RequestContext;
  readonly flags: FlagSymbols;
}

/** What a callback of a field gets: the conditions' symbols, and the row's fields by themselves. */
export type Scope<N> = ConditionScope<Row<N>> & Row<N>;
