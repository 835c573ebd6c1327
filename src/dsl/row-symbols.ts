/** The types of the symbols that stand for rows, for what is taken from them, and for who acts. Their fields are what `value-symbols.ts` says. */

import type { JsonSymbols } from "./json-symbols.ts";
import type { Claims, Entities, EntityName, Generated, OperationName, PermissionName, RoleName } from "./registry.ts";
import type { JsonOf, ListOf, ManyOf, One, Scalar, ScalarName, Shape, Shapes, State } from "./shape.ts";
import type { UnknownSymbol } from "./unknown-symbol.ts";
import type {
  Bool,
  Enum,
  Expression,
  Family,
  FamilyOfScalar,
  List,
  Mapped,
  Moment,
  Numeric,
  Ordered,
  Text,
  Value,
} from "./value-symbols.ts";

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
            : F extends JsonOf<infer T>
              ? JsonSymbols<T>
              : never;

interface RowReference {
  isNull(): Bool;
  notNull(): Bool;
}

// biome-ignore lint/suspicious/noExplicitAny: before the declaration file exists nothing is known of a value
type Anything = any;

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
