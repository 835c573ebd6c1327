/**
 * The types of the symbols that stand for one value. None of these exist at run time as
 * values: each method call only writes down a piece of an expression.
 */
import type { JsonOf, ListOf, One, Scalar, ScalarName, State } from "./shape.ts";

/** The families of values that expressions know: money, bigint and integer are all `int`. */
export type Family =
  | "bool"
  | "int"
  | "decimal"
  | "string"
  | "uuid"
  | "enum"
  | "date"
  | "timestamp"
  | "duration"
  | "json"
  | "list";

/** The family of each scalar type. */
export interface FamilyOfScalar {
  uuid: "uuid";
  text: "string";
  slug: "string";
  integer: "int";
  bigint: "int";
  money: "int";
  decimal: "decimal";
  boolean: "bool";
  date: "date";
  timestamp: "timestamp";
  json: "json";
  roles: "list";
}
export type FamilyOf<F> =
  F extends Scalar<infer T>
    ? FamilyOfScalar[T]
    : F extends State<string>
      ? "enum"
      : F extends One<string>
        ? "uuid"
        : F extends ListOf<ScalarName>
          ? "list"
          : F extends JsonOf<unknown>
            ? "json"
            : never;

/** What may stand for a value in TypeScript. */
interface Literals {
  bool: boolean;
  int: number | bigint;
  decimal: number | bigint | string;
  string: string;
  uuid: string;
  enum: string;
  date: Date | string;
  timestamp: Date | string;
  duration: string;
  json: never;
  list: never;
}

export declare const family: unique symbol;

/** A piece of an expression, of one family. */
export interface Expression<T extends Family = Family> {
  readonly [family]: T;
}

/** What an operand may be: a symbol of the family, or a constant. */
export type Operand<T extends Family> =
  | Expression<T>
  | Literals[T]
  | (T extends "decimal" ? Expression<"int"> : never)
  | (T extends "string" ? Expression<"enum"> : never);

export interface Value<T extends Family> extends Expression<T> {
  /** `==`; unknown where a side is null. */
  eq(other: Operand<T>): Bool;
  /** `!=`; unknown where a side is null. */
  ne(other: Operand<T>): Bool;
  /** Equal to one of a list: `row.team.id.in(actor.claims.teams)`. */
  in(list: List<T> | Mapped<T>): Bool;
  /** Equal to one of these. */
  in(...others: Operand<T>[]): Bool;
  isNull(): Bool;
  notNull(): Bool;
}

export interface Bool extends Value<"bool"> {
  and(...others: Operand<"bool">[]): Bool;
  or(...others: Operand<"bool">[]): Bool;
  not(): Bool;
}

export interface Ordered<T extends Family> extends Value<T> {
  gt(other: Operand<T>): Bool;
  gte(other: Operand<T>): Bool;
  lt(other: Operand<T>): Bool;
  lte(other: Operand<T>): Bool;
}

export interface Numeric<T extends "int" | "decimal"> extends Ordered<T> {
  plus<O extends "int" | "decimal" = T>(
    other: Expression<O> | Literals[T],
  ): Numeric<T | O extends "int" ? "int" : "decimal">;
  minus<O extends "int" | "decimal" = T>(
    other: Expression<O> | Literals[T],
  ): Numeric<T | O extends "int" ? "int" : "decimal">;
  times<O extends "int" | "decimal" = T>(
    other: Expression<O> | Literals[T],
  ): Numeric<T | O extends "int" ? "int" : "decimal">;
  /** The remainder of a division. */
  mod(other: Operand<T>): Numeric<T>;
  /** Between integers: without the remainder. By zero: null. */
  dividedBy<O extends "int" | "decimal" = T>(
    other: Expression<O> | Literals[T],
  ): Numeric<T | O extends "int" ? "int" : "decimal">;
}

export interface Moment extends Ordered<"timestamp"> {
  /** Later by a length of time: `row.createdAt.plus(duration("2d"))`. */
  plus(length: Expression<"duration">): Moment;
  /** Earlier by a length of time; or the time that lies between two moments. */
  minus(length: Expression<"duration">): Moment;
  minus(other: Operand<"timestamp">): Ordered<"duration">;
}

export interface Text extends Ordered<"string"> {
  /** The other text behind this one. */
  plus(other: Operand<"string">): Text;
  startsWith(other: Operand<"string">): Bool;
  endsWith(other: Operand<"string">): Bool;
  contains(other: Operand<"string">): Bool;
  /** A regular expression of the portable subset. */
  matches(pattern: string | RegExp): Bool;
  /** The letters A to Z in small. */
  lowerAscii(): Text;
  /** How many characters. */
  size(): Numeric<"int">;
}

/** A text in JSON. Where its schema says that it is an id, it fits where an id does: the editor cannot see that, the build does. */
export interface JsonText extends Text {
  // biome-ignore lint/suspicious/noExplicitAny: of every family at once
  readonly [family]: any;
}

/** A state: compares to the literals of its machine only. */
export interface Enum<S extends string> extends Expression<"enum"> {
  eq(other: S | Enum<S>): Bool;
  ne(other: S | Enum<S>): Bool;
  in(...others: S[]): Bool;
  isNull(): Bool;
  notNull(): Bool;
}

declare const item: unique symbol;
declare const several: unique symbol;

/** What a function makes one of: the values of a `map`, or a list. */
export interface Several<T extends Family> {
  readonly [several]?: T;
}

/** What a list of a family is asked of each item. */
type ItemOfFamily<T extends Family> = T extends "string"
  ? Text
  : T extends "bool"
    ? Bool
    : T extends "int" | "decimal"
      ? Numeric<T>
      : T extends "timestamp"
        ? Moment
        : Value<T>;

/** Several values: `x.in(list)` searches it. */
export interface List<T extends Family = "string"> extends Expression<"list">, Items<ItemOfFamily<T>, T> {
  readonly [item]: T;
  isNull(): Bool;
  notNull(): Bool;
}

/** The items of a list: asked each, counted, or one value made of each. What is null is an item, too. */
export interface Items<I, T extends Family> extends Several<T> {
  /** Whether there is an item that … */
  exists(predicate: (item: I) => Bool): Bool;
  /** Whether every item …; true where there is none. */
  all(predicate: (item: I) => Bool): Bool;
  /** How many. */
  size(): Numeric<"int">;
  filter(predicate: (item: I) => Bool): Items<I, T>;
  map<V extends Family>(value: (item: I) => Expression<V>): Mapped<V>;
}

/** The values of a `map`. */
export interface Mapped<T extends Family> extends Several<T> {
  readonly [family]: T;
  readonly mapped: true;
}
