/**
 * The types of the symbols that callbacks get. None of these exist at run time as
 * values: each method call only writes down a piece of an expression.
 */
import type { Claims, Entities, EntityName, Generated, OperationName, PermissionName, RoleName } from "./registry.ts";
import type { ListOf, ManyOf, One, Scalar, ScalarName, Shape, Shapes, State } from "./shape.ts";

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
interface FamilyOfScalar {
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

declare const family: unique symbol;

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
  readonly [family]: Anything;
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

/** Several values: `x.in(list)` searches it. */
export interface List<T extends Family = "string"> extends Expression<"list"> {
  readonly [item]: T;
  size(): Numeric<"int">;
  isNull(): Bool;
  notNull(): Bool;
}

/** The values of a `map`. */
export interface Mapped<T extends Family> {
  readonly [family]: T;
  readonly mapped: true;
}

/** A to-many relation, filtered or not. */
export interface Many<R> {
  /** Whether there is a row that … */
  exists(predicate: (row: R) => Bool): Bool;
  /** Whether every row …; true where there is none. */
  all(predicate: (row: R) => Bool): Bool;
  /** How many. */
  size(): Numeric<"int">;
  filter(predicate: (row: R) => Bool): Many<R>;
  map<T extends Family>(value: (row: R) => Expression<T>): Mapped<T>;
}

type ScalarSymbol<T extends ScalarName> = FamilyOfScalar[T] extends "bool"
  ? Bool
  : FamilyOfScalar[T] extends "string"
    ? Text
    : FamilyOfScalar[T] extends "list"
      ? List
      : FamilyOfScalar[T] extends infer N extends "int" | "decimal"
        ? Numeric<N>
        : FamilyOfScalar[T] extends "timestamp"
          ? Moment
          : FamilyOfScalar[T] extends "date"
            ? Ordered<"date">
            : Value<FamilyOfScalar[T]>;

/** The symbol that stands for a field of this shape. */
export type SymbolOf<F> =
  F extends Scalar<infer T>
    ? ScalarSymbol<T>
    : F extends State<infer S>
      ? Enum<S>
      : F extends One<infer N>
        ? Row<N> & RowReference
        : F extends ManyOf<infer N>
          ? Many<Row<N>>
          : F extends ListOf<infer T>
            ? List<FamilyOfScalar[T]>
            : never;

interface RowReference {
  isNull(): Bool;
  notNull(): Bool;
}

/** The fields of an entity by name, as the declaration file says them. */
export type FieldsOf<N> = Generated extends false
  ? Anything
  : N extends keyof Entities
    ? Entities[N] extends { fields: infer F }
      ? F
      : never
    : never;

type RowOf<F> = { readonly [P in keyof F]: SymbolOf<F[P]> };

/** The references of an entity to itself. */
type OwnReference<N> =
  FieldsOf<N> extends infer F ? { [P in keyof F]: F[P] extends One<N & string> ? P : never }[keyof F] : never;

interface Hierarchy<N> {
  /**
   * The rows over a reference to the same entity, again and again, each once: `row.ancestors("parent")`.
   * In a circle the row is among them itself.
   */
  ancestors(reference: OwnReference<N>): Many<Row<N>>;
  /** The row itself, and its ancestors: `row.selfAndAncestors("parent").exists((f) => f.owner.id.eq(actor.id))`. */
  selfAndAncestors(reference: OwnReference<N>): Many<Row<N>>;
}

/** A row of an entity: `Row<"Invoice">`. */
export type Row<N> = Generated extends false ? UnknownSymbol : RowOf<FieldsOf<N>> & Hierarchy<N>;

type StoredSymbol<F> = F extends One<string> ? { readonly id: Value<"uuid"> } : SymbolOf<F>;

/** The stored columns of a row as they were when an event happened: references are ids, relations are not followed. */
export type StoredRow<N> = Generated extends false
  ? UnknownSymbol
  : FieldsOf<N> extends infer F
    ? { readonly [P in keyof F as F[P] extends ManyOf<string> ? never : P]: StoredSymbol<F[P]> }
    : never;

/** Of the event of an update: whether a field has another value than before, null included. */
export type ChangedFields<N> = Generated extends false
  ? UnknownSymbol
  : FieldsOf<N> extends infer F
    ? { readonly [P in keyof F as P extends "updatedAt" ? never : F[P] extends ManyOf<string> ? never : P]: Bool }
    : never;

/** What a rule for any entity of a tenant may use. */
export interface CommonRow {
  readonly id: Value<"uuid">;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
  readonly tenant: { readonly id: Value<"uuid"> };
}

/** The row type of a rule that fits every entity with these fields: `rule<Has<{ owner: One<"User"> }>>(…)`. */
export type Has<F extends Shapes> = RowOf<F>;

/** The row of `rule<R>`: an entity by name, or a type made by `Has`. */
export type RowFor<R> = Generated extends false ? UnknownSymbol : R extends keyof Entities ? Row<R> : R;

/** Who acts. Read live for every request. */
export interface Actor {
  readonly id: Value<"uuid">;
  readonly tenantId: Value<"uuid">;
  readonly kind: Enum<"user" | "service" | "key" | "anonymous">;
  readonly roles: List;
  /** What the actor's roles carry: `"Invoice.pay"`, `"reports.export"`. */
  readonly permissions: List;
  /** What the config says to be read of the actor's row, live: `row.team.id.in(actor.claims.teams)`. */
  readonly claims: Generated extends false ? UnknownSymbol : RecordOf<Claims>;
  hasRole(role: RoleName): Bool;
  /** Whether a role of the actor's permits a command or an action: `actor.can("Invoice", "pay")`. */
  can<const N extends EntityName>(entity: N | Uncapitalize<N>, operation: OperationName<N>): Bool;
  /** Whether a role of the actor's carries a permission of the config's own: `actor.can("reports.export")`. */
  can(permission: PermissionName): Bool;
}

/** The symbols of a record that is no entity's row: an action's input, a task's output. */
export type RecordOf<F> = { readonly [P in keyof F]-?: SymbolOf<NonNullable<F[P]> & Shape> };
