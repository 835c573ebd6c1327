/**
 * The SQL expression tree: what the expression language and the compiler build,
 * and what `print-expression.ts` alone turns into text. Floor 0, pure.
 *
 * Every node is a frozen, readonly object with a literal `kind`; the factories
 * below are the only way the rest of the source makes one.
 */

/** A possibly schema-qualified name; each part is quoted by the printer. */
export interface QualifiedName {
  readonly schema?: string;
  readonly name: string;
}

/** `alias.column`, or `column` where no alias is given. */
export interface ColumnNode {
  readonly kind: "column";
  readonly table?: string;
  readonly name: string;
}

/** `alias.*`, in a select list. */
export interface StarNode {
  readonly kind: "star";
  readonly table: string;
}

/** A constant. `type` is printed as a cast: `'…'::uuid`. */
export interface LiteralNode {
  readonly kind: "literal";
  readonly value: string | bigint | number | boolean | null;
  readonly type?: SqlType;
}

/** A type by its printed name; checked against a list of known shapes by the printer. */
export type SqlType = string;

/** `null::app.invoice`: a row of a table's type that holds nothing. */
export interface NullRowNode {
  readonly kind: "null-row";
  readonly of: QualifiedName;
}

export interface CallNode {
  readonly kind: "call";
  readonly function: QualifiedName;
  readonly arguments: readonly SqlExpression[];
  /** `count(*)` */
  readonly star?: true;
}

export const BINARY_OPERATORS = [
  "=",
  "<>",
  "<",
  "<=",
  ">",
  ">=",
  "+",
  "-",
  "*",
  "/",
  "%",
  "||",
  "~",
  "->",
  "->>",
  "#>>",
  "@>",
  "is distinct from",
  "is not distinct from",
] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];

export interface BinaryNode {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: SqlExpression;
  readonly right: SqlExpression;
}

export interface LogicalNode {
  readonly kind: "and" | "or";
  readonly terms: readonly SqlExpression[];
}

export interface NotNode {
  readonly kind: "not";
  readonly operand: SqlExpression;
}

export interface NegateNode {
  readonly kind: "negate";
  readonly operand: SqlExpression;
}

/** `operand is null`, `is not null`, `is true`, `is not true`. */
export interface IsNode {
  readonly kind: "is";
  readonly operand: SqlExpression;
  readonly test: "null" | "not null" | "true" | "not true" | "false" | "not false";
}

export interface CaseNode {
  readonly kind: "case";
  /** `case operand when value then …`: the branches' `when` are values that it is compared with. */
  readonly operand?: SqlExpression;
  readonly branches: readonly { readonly when: SqlExpression; readonly then: SqlExpression }[];
  readonly otherwise?: SqlExpression;
}

export interface CastNode {
  readonly kind: "cast";
  readonly operand: SqlExpression;
  readonly type: SqlType;
}

export interface CollateNode {
  readonly kind: "collate";
  readonly operand: SqlExpression;
  readonly collation: string;
}

/** `operand in (a, b, …)`; an empty list prints as `false`. */
export interface InListNode {
  readonly kind: "in-list";
  readonly operand: SqlExpression;
  readonly items: readonly SqlExpression[];
}

/** `operand in (select …)`. */
export interface InSelectNode {
  readonly kind: "in-select";
  readonly operand: SqlExpression;
  readonly select: SelectNode;
}

/** `operand = any (array)`. */
export interface AnyArrayNode {
  readonly kind: "any-array";
  readonly operand: SqlExpression;
  readonly array: SqlExpression;
}

/** `array[a, b]::type`. */
export interface ArrayNode {
  readonly kind: "array";
  readonly items: readonly SqlExpression[];
  readonly type?: SqlType;
}

/** `exists (select …)`. */
export interface ExistsNode {
  readonly kind: "exists";
  readonly select: SelectNode;
}

/** `(select …)` as a value: one row, one column. */
export interface ScalarSelectNode {
  readonly kind: "scalar-select";
  readonly select: SelectNode;
}

/** `array(select …)`. */
export interface ArraySelectNode {
  readonly kind: "array-select";
  readonly select: SelectNode;
}

export type SqlExpression =
  | ColumnNode
  | StarNode
  | LiteralNode
  | NullRowNode
  | CallNode
  | BinaryNode
  | LogicalNode
  | NotNode
  | NegateNode
  | IsNode
  | CaseNode
  | CastNode
  | CollateNode
  | InListNode
  | InSelectNode
  | AnyArrayNode
  | ArrayNode
  | ExistsNode
  | ScalarSelectNode
  | ArraySelectNode;

/** What stands behind `from`: a table, a derived table or a set-returning function. */
export type FromItem =
  | { readonly kind: "table"; readonly table: QualifiedName; readonly alias: string }
  | { readonly kind: "derived"; readonly select: SelectNode; readonly alias: string }
  /** The rows of a `with` of a select around it. */
  | { readonly kind: "cte"; readonly name: string; readonly alias: string }
  | { readonly kind: "function"; readonly call: CallNode; readonly alias: string };

export interface JoinNode {
  readonly type: "join" | "left join";
  readonly item: FromItem;
  readonly on: SqlExpression;
}

/** `with recursive name (columns) as (first union next)`: rows that are found anew are not followed again, so that circles end. */
export interface RecursiveNode {
  readonly name: string;
  readonly columns: readonly string[];
  readonly first: SelectNode;
  readonly next: SelectNode;
}

export interface SelectNode {
  readonly kind: "select";
  readonly recursive?: RecursiveNode;
  readonly columns: readonly { readonly value: SqlExpression; readonly alias?: string }[];
  readonly from?: FromItem;
  readonly joins?: readonly JoinNode[];
  readonly where?: SqlExpression;
  /** `… union all …`: its rows behind this one's; then neither has an order, a limit or a lock. */
  readonly unionAll?: SelectNode;
  readonly orderBy?: readonly { readonly value: SqlExpression; readonly direction?: "asc" | "desc" }[];
  readonly limit?: number;
  readonly forUpdate?: true;
  /** The weakest lock: it shuts out deletions, and asks the policies of updates as well. */
  readonly forKeyShare?: true;
}

const freeze = <T extends object>(node: T): Readonly<T> => Object.freeze(node);

export const column = (table: string | undefined, name: string): ColumnNode =>
  freeze(table === undefined ? { kind: "column", name } : { kind: "column", table, name });

export const star = (table: string): StarNode => freeze({ kind: "star", table });

export const literal = (value: LiteralNode["value"], type?: SqlType): LiteralNode =>
  freeze(type === undefined ? { kind: "literal", value } : { kind: "literal", value, type });

export const nullRow = (of: QualifiedName): NullRowNode => freeze({ kind: "null-row", of });

export const call = (name: QualifiedName | string, ...args: readonly SqlExpression[]): CallNode =>
  freeze({ kind: "call", function: typeof name === "string" ? { name } : name, arguments: args });

export const countStar = (): CallNode =>
  freeze({ kind: "call", function: { name: "count" }, arguments: [], star: true });

export const binary = (operator: BinaryOperator, left: SqlExpression, right: SqlExpression): BinaryNode =>
  freeze({ kind: "binary", operator, left, right });

/** Conjunction; one term stands alone, none is `true`, nested ones are flattened. */
export const and = (...terms: readonly SqlExpression[]): SqlExpression => logical("and", terms);

/** Disjunction; one term stands alone, none is `false`, nested ones are flattened. */
export const or = (...terms: readonly SqlExpression[]): SqlExpression => logical("or", terms);

function logical(kind: "and" | "or", terms: readonly SqlExpression[]): SqlExpression {
  const flat = terms.flatMap((term) => (term.kind === kind ? term.terms : [term]));
  const [first] = flat;
  if (first === undefined) return literal(kind === "and");
  return flat.length === 1 ? first : freeze({ kind, terms: flat });
}

export const not = (operand: SqlExpression): NotNode => freeze({ kind: "not", operand });
export const negate = (operand: SqlExpression): NegateNode => freeze({ kind: "negate", operand });
export const is = (operand: SqlExpression, test: IsNode["test"]): IsNode => freeze({ kind: "is", operand, test });

export const caseWhen = (branches: CaseNode["branches"], otherwise?: SqlExpression): CaseNode =>
  freeze(otherwise === undefined ? { kind: "case", branches } : { kind: "case", branches, otherwise });

/** One branch of a `case`. */
export const branch = (when: SqlExpression, then: SqlExpression): CaseNode["branches"][number] =>
  freeze({ when, then });

/** `case operand when … then … end`: the operand is evaluated once. */
export const caseOf = (operand: SqlExpression, branches: CaseNode["branches"]): CaseNode =>
  freeze({ kind: "case", operand, branches });

export const cast = (operand: SqlExpression, type: SqlType): CastNode => freeze({ kind: "cast", operand, type });
export const collate = (operand: SqlExpression, collation: string): CollateNode =>
  freeze({ kind: "collate", operand, collation });
export const inList = (operand: SqlExpression, items: readonly SqlExpression[]): InListNode =>
  freeze({ kind: "in-list", operand, items });
export const inSelect = (operand: SqlExpression, node: SelectNode): InSelectNode =>
  freeze({ kind: "in-select", operand, select: node });
export const anyArray = (operand: SqlExpression, array: SqlExpression): AnyArrayNode =>
  freeze({ kind: "any-array", operand, array });
export const array = (items: readonly SqlExpression[], type?: SqlType): ArrayNode =>
  freeze(type === undefined ? { kind: "array", items } : { kind: "array", items, type });
export const exists = (select: SelectNode): ExistsNode => freeze({ kind: "exists", select });
export const scalarSelect = (select: SelectNode): ScalarSelectNode => freeze({ kind: "scalar-select", select });
export const arraySelect = (select: SelectNode): ArraySelectNode => freeze({ kind: "array-select", select });
export const select = (node: Omit<SelectNode, "kind">): SelectNode => freeze({ kind: "select", ...node });
export const table = (name: QualifiedName, alias: string): FromItem => freeze({ kind: "table", table: name, alias });
export const fromFunction = (node: CallNode, alias: string): FromItem =>
  freeze({ kind: "function", call: node, alias });
export const cte = (name: string, alias: string): FromItem => freeze({ kind: "cte", name, alias });
export const derived = (node: SelectNode, alias: string): FromItem => freeze({ kind: "derived", select: node, alias });
