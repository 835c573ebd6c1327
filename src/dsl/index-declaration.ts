import { type Callback, declared } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import { captureSite, type Site } from "./site.ts";
import type { Bool } from "./value-symbols.ts";

export interface IndexDeclaration {
  readonly kind: "index";
  readonly site: Site | undefined;
  readonly fields: readonly string[];
  readonly where?: CallbackAt;
}

declare const scope: unique symbol;

/** An index over rows of type `R`. */
export interface Index<in R> {
  readonly [scope]?: (row: R) => void;
}

interface IndexChain extends Index<unknown> {
  /** Only the rows of which this is true: a partial index. */
  where<R>(condition: (symbols: { readonly row: R }) => Bool): Index<R>;
}

/**
 * An index over these fields, in this order; the tenant stands before them where the entity has one.
 *
 * @example indexes: [index("customer", "dueAt").where(({ row }) => row.status.eq("sent"))]
 */
export function index(...fields: readonly string[]): IndexChain {
  const declaration: IndexDeclaration = { kind: "index", site: captureSite(), fields };
  return declared(declaration, {
    where: (callback: Callback) =>
      declared<IndexDeclaration, object>({ ...declaration, where: { site: captureSite(), callback } }, {}),
  }) as IndexChain;
}
