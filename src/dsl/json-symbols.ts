/** The types of the symbols that stand for JSON: the input of a run, a task's output, the items of a list. */
import type { UnknownSymbol } from "./unknown-symbol.ts";
import type { Bool, Expression, Items, JsonText, Moment, Numeric } from "./value-symbols.ts";

/** JSON of a zod schema, as symbols; what is no object of known members is one value. */
export type JsonSymbols<T> = unknown extends T
  ? UnknownSymbol
  : NonNullable<T> extends string
    ? JsonText
    : NonNullable<T> extends number
      ? Numeric<"int">
      : NonNullable<T> extends boolean
        ? Bool
        : NonNullable<T> extends Date
          ? Moment
          : NonNullable<T> extends readonly (infer E)[]
            ? JsonList<E>
            : { readonly [P in keyof NonNullable<T>]-?: JsonSymbols<NonNullable<T>[P]> };

declare const element: unique symbol;
/** A list in JSON: what forEach goes over, and what asks its items. */
export interface JsonList<E> extends Expression<"json">, Items<JsonSymbols<E>, FamilyOfJson<E>> {
  readonly [element]?: E;
  isNull(): Bool;
  notNull(): Bool;
}
type FamilyOfJson<E> =
  NonNullable<E> extends string
    ? "string"
    : NonNullable<E> extends number
      ? "int"
      : NonNullable<E> extends Date
        ? "timestamp"
        : "json";
