/**
 * Functions for the callbacks of a model, besides the methods of the symbols.
 */
import * as builder from "../expression/index.ts";
import type { Bool, Expression, Family, Moment, Numeric, Operand, Ordered, Several, Value } from "./value-symbols.ts";

/**
 * The sum of a mapped relation or of a list of numbers; 0 where there are none. Nulls are left out.
 *
 * @example money().computed(({ lines }) => sum(lines.map((line) => line.total)))
 */
export const sum = <T extends "int" | "decimal">(values: Several<T>): Numeric<T> => builder.sum(values);

/** The least value of a mapped relation or of a list; null where there are none. */
export const min = <T extends "int" | "decimal" | "date" | "timestamp" | "string">(values: Several<T>): Ordered<T> =>
  builder.min(values);

/** The greatest value of a mapped relation or of a list; null where there are none. */
export const max = <T extends "int" | "decimal" | "date" | "timestamp" | "string">(values: Several<T>): Ordered<T> =>
  builder.max(values);

/** The time of the transaction. Not in rules and stored fields, which hold whenever they are looked at. */
export const now = (): Moment => builder.now();

/** A length of time: `row.dueAt.lt(now().minus(duration("2d")))`. */
export const duration = (text: string): Ordered<"duration"> => builder.duration(text);

/** Whether a value is there; the same as `.notNull()`. */
export const has = (value: Expression | { readonly isNull: () => Bool }): Bool => builder.has(value);

/**
 * One of two values: what `condition ? a : b` would be, which JavaScript decides too early.
 *
 * @example integer().computed(({ row }) => when(row.paid, 0, row.price))
 */
export const when = <T extends Family>(condition: Operand<"bool">, then: Operand<T>, otherwise: Operand<T>): Value<T> =>
  builder.when(condition, then, otherwise);
