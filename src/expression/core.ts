/**
 * The typed core: what `check()` gives and everything behind it reads. A closed
 * union, told apart by `kind`; each node knows its type, whether it may be null
 * and its range in the text. Self-contained: printing it as SQL needs no catalog.
 *
 * Ranges inside the `body` of a `virtual` node point into the virtual field's
 * own expression, everywhere else into the text that was checked.
 */
import type { QualifiedName, SqlExpression } from "../sql-ast/expressions.ts";
import type { JoinColumn } from "./catalog.ts";
import type { Decimal } from "./decimal.ts";
import type { Range } from "./expression-error.ts";
import type { Pattern } from "./pattern.ts";
import type { ExpressionType } from "./types.ts";

interface Typed {
  readonly type: ExpressionType;
  /** Whether the value may be null, or unknown for a bool. What is read over a to-one hop may be hidden by a policy: nullable. */
  readonly nullable: boolean;
  readonly range: Range;
}

/** Names a bound row: a number that is unique within one checked expression; 0 are the environment's own. */
export type Binding = number;
export const ENVIRONMENT: Binding = 0;

// --- values

/** A constant, held as types.ts says; null where its type is known from the context. */
export interface LiteralCore extends Typed {
  readonly kind: "literal";
  readonly value: null | boolean | bigint | string | Decimal;
}
export interface NowCore extends Typed {
  readonly kind: "now";
}
/** A value of the environment: `actor.id`, path `["actor", "id"]`. */
export interface ValueCore extends Typed {
  readonly kind: "value";
  readonly path: readonly string[];
  readonly sql: SqlExpression;
}
/** A member of a value whose type is a record; PostgreSQL holds the record as jsonb. */
export interface MemberCore extends Typed {
  readonly kind: "member";
  readonly target: Core;
  readonly name: string;
}
export interface ListCore extends Typed {
  readonly kind: "list";
  readonly items: readonly Core[];
}

// --- rows

/** A row of the environment (`row`, `event.after`) or of a quantifier or virtual field. */
export interface RowCore extends Typed {
  readonly kind: "row";
  readonly binding: Binding;
  readonly path: readonly string[];
  readonly entity: string;
  /** The key columns of the entity, its own id last. */
  readonly key: readonly string[];
  /** The alias in the statement; quantifiers and virtual fields get theirs when SQL is printed. */
  readonly alias?: string;
}
/** A to-one relation. */
export interface OneCore extends Typed {
  readonly kind: "one";
  readonly target: RowLike;
  readonly field: string;
  readonly entity: string;
  readonly table: QualifiedName;
  readonly columns: readonly JoinColumn[];
  /** Whether the reference itself may be absent, whatever its target. */
  readonly optional: boolean;
}
export type RowLike = RowCore | OneCore;

/** A to-many relation. */
export interface ManyCore extends Typed {
  readonly kind: "many";
  readonly target: RowLike;
  readonly field: string;
  readonly entity: string;
  readonly table: QualifiedName;
  readonly columns: readonly JoinColumn[];
}
/** Rows for which the predicate is true. */
export interface FilterCore extends Typed {
  readonly kind: "filter";
  readonly entity: string;
  readonly rows: RowsLike;
  readonly variable: string;
  readonly binding: Binding;
  readonly predicate: Core;
}
/**
 * The rows that are reached over a to-one reference of an entity to itself, again and again, each once: `row.ancestors("parent")`.
 * With `self` the target is the first of them; without it it is among them only where the references go round in a circle.
 * Turned around it is the rows that satisfy the predicate and everything below them: a row has such an ancestor exactly where
 * its own reference leads into that set.
 */
export interface AncestorsCore extends Typed {
  readonly kind: "ancestors";
  readonly target: RowLike;
  /** The reference that is followed. */
  readonly field: string;
  readonly self: boolean;
  readonly entity: string;
  readonly table: QualifiedName;
  /** The reference's columns in the one table, and the key columns that they lead to, the tenant's first. */
  readonly reference: readonly JoinColumn[];
  /** The key columns of the entity, its own id last. */
  readonly key: readonly string[];
}
/** The objects of a list of records: what JSON holds, such as the lines of an order. They are no rows of an entity: it is empty. */
export interface ItemsCore extends Typed {
  readonly kind: "items";
  readonly entity: "";
  readonly list: Core;
}
/** One of them, as a quantifier names it. */
export interface ItemCore extends Typed {
  readonly kind: "item";
  readonly binding: Binding;
}
export type RowsLike = ManyCore | AncestorsCore | FilterCore | ItemsCore;

/** A field in a side table, which has the key of the entity's own: null where the reader may not see it. */
export interface SideColumnCore extends Typed {
  readonly kind: "side-column";
  readonly target: RowLike;
  readonly field: string;
  readonly table: QualifiedName;
  readonly column: string;
  /** The key columns, of the entity's table and of the side table alike. */
  readonly key: readonly string[];
}

/** A stored field. */
export interface ColumnCore extends Typed {
  readonly kind: "column";
  readonly target: RowLike;
  readonly field: string;
  readonly column: string;
}
/** A virtual field: its expression, with the row `binding` standing for the target. Null where the target is. */
export interface VirtualCore extends Typed {
  readonly kind: "virtual";
  readonly target: RowLike;
  readonly field: string;
  readonly binding: Binding;
  readonly body: Core;
}

// --- over rows

/** `rows.exists(x, p)` and `rows.all(x, p)`, Kleene: unknown where no row decides and one is unknown. */
export interface QuantifierCore extends Typed {
  readonly kind: "exists" | "all";
  readonly rows: RowsLike;
  readonly variable: string;
  readonly binding: Binding;
  readonly predicate: Core;
}
/** `rows.size()`. */
export interface CountCore extends Typed {
  readonly kind: "count";
  readonly rows: RowsLike;
}
/** `rows.map(x, e).sum()`: nulls are left out, the sum of nothing is 0, the least of nothing is null. */
export interface AggregateCore extends Typed {
  readonly kind: "aggregate";
  readonly operator: "sum" | "min" | "max";
  readonly rows: RowsLike;
  readonly variable: string;
  readonly binding: Binding;
  readonly body: Core;
}
/** `rows.map(x, e)` as a list; its order is not defined. */
export interface MapCore extends Typed {
  readonly kind: "map";
  readonly rows: RowsLike;
  readonly variable: string;
  readonly binding: Binding;
  readonly body: Core;
}

// --- logic

/** `x == null`, and negated `x != null` and `has(x)`. Two-valued. */
export interface NullTestCore extends Typed {
  readonly kind: "null-test";
  readonly operand: Core;
  readonly negated: boolean;
}
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
export interface CompareCore extends Typed {
  readonly kind: "compare";
  readonly operator: Comparison;
  readonly left: Core;
  readonly right: Core;
}
export interface LogicalCore extends Typed {
  readonly kind: "and" | "or";
  readonly operands: readonly Core[];
}
export interface NotCore extends Typed {
  readonly kind: "not";
  readonly operand: Core;
}
/** `c ? a : b`; null where the condition is unknown. */
export interface ConditionalCore extends Typed {
  readonly kind: "conditional";
  readonly condition: Core;
  readonly then: Core;
  readonly otherwise: Core;
}
/** `x in [a, b]`. */
export interface InListCore extends Typed {
  readonly kind: "in-list";
  readonly operand: Core;
  readonly items: readonly Core[];
}
/** `x in list`, the list being one value. */
export interface InArrayCore extends Typed {
  readonly kind: "in-array";
  readonly operand: Core;
  readonly list: Core;
}

// --- arithmetic and text

export interface NegateCore extends Typed {
  readonly kind: "negate";
  readonly operand: Core;
}
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";
/** Both operands int, or both decimal, or timestamps, dates and durations in the combinations that the checker lets pass. */
export interface ArithmeticCore extends Typed {
  readonly kind: "arithmetic";
  readonly operator: ArithmeticOperator;
  readonly left: Core;
  readonly right: Core;
}
export interface ConcatCore extends Typed {
  readonly kind: "concat";
  readonly left: Core;
  readonly right: Core;
}
export interface TextTestCore extends Typed {
  readonly kind: "starts-with" | "ends-with" | "contains";
  readonly operand: Core;
  readonly argument: Core;
}
export interface MatchesCore extends Typed {
  readonly kind: "matches";
  readonly operand: Core;
  readonly pattern: Pattern;
}
export interface LowerAsciiCore extends Typed {
  readonly kind: "lower-ascii";
  readonly operand: Core;
}
/** Characters of a string, items of a list. */
export interface SizeCore extends Typed {
  readonly kind: "size";
  readonly operand: Core;
}
/** int → decimal, enum → string, timestamp → date (in UTC), date → timestamp (midnight UTC). */
export interface ConvertCore extends Typed {
  readonly kind: "convert";
  readonly operand: Core;
}

export type Core =
  | LiteralCore
  | NowCore
  | ValueCore
  | MemberCore
  | ListCore
  | RowCore
  | OneCore
  | ManyCore
  | AncestorsCore
  | FilterCore
  | ItemsCore
  | ItemCore
  | ColumnCore
  | SideColumnCore
  | VirtualCore
  | QuantifierCore
  | CountCore
  | AggregateCore
  | MapCore
  | NullTestCore
  | CompareCore
  | LogicalCore
  | NotCore
  | ConditionalCore
  | InListCore
  | InArrayCore
  | NegateCore
  | ArithmeticCore
  | ConcatCore
  | TextTestCore
  | MatchesCore
  | LowerAsciiCore
  | SizeCore
  | ConvertCore;

export const isRowLike = (core: Core): core is RowLike => core.kind === "row" || core.kind === "one";
export const isRowsLike = (core: Core): core is RowsLike =>
  core.kind === "many" || core.kind === "ancestors" || core.kind === "filter" || core.kind === "items";
