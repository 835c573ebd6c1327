import { type Callback, declared } from "./declared.ts";
import { captureSite, type Site } from "./site.ts";
import type { Bool } from "./value-symbols.ts";

export interface CheckDeclaration {
  readonly kind: "check";
  readonly site: Site | undefined;
  readonly message: string;
  readonly callback: Callback;
}

declare const scope: unique symbol;

/** A rule over the fields of one row of type `R`. */
export interface Check<in R> {
  readonly [scope]?: (row: R) => void;
}

/**
 * What every row must fulfil, by fields of its own; where it is unknown because a field is null, it passes.
 *
 * @example rules: { dueLater: check(({ row }) => row.dueAt.gt(row.createdAt), "must be due after it was made") }
 */
export function check<R>(condition: (symbols: { readonly row: R }) => Bool, message: string): Check<R> {
  return declared<CheckDeclaration, Check<R>>({ kind: "check", site: captureSite(), message, callback: condition }, {});
}
