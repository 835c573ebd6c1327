/**
 * SQL expression tree → text. The printer is total over `SqlExpression` (a
 * forgotten kind does not compile) and puts parentheses where PostgreSQL's
 * precedence would read the text differently.
 */
import type {
  BinaryOperator,
  FromItem,
  LiteralNode,
  QualifiedName,
  RecursiveNode,
  SelectNode,
  SqlExpression,
} from "./expressions.ts";
import { BINARY_OPERATORS } from "./expressions.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

const SQL_TYPE = /^[a-z_][a-z0-9_]*( [a-z_]+)*(\(\d+(, ?\d+)?\))?(\[\])?$/;

/** `"app"."invoice"`; plain lower-case words stay bare where the server reads them the same. */
export function printName(name: QualifiedName): string {
  return name.schema === undefined
    ? quoteIdentifier(name.name)
    : `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.name)}`;
}

/** A type's name, refused unless it has the shape of one: it is never quoted. */
export function printType(type: string): string {
  if (!SQL_TYPE.test(type)) throw new RangeError(`"${type}" is not the name of an SQL type`);
  return type;
}

/**
 * How tightly a node binds, in PostgreSQL's order; `atom` needs no parentheses anywhere.
 * `is` stands below the comparisons, `in` and any other operator above them.
 */
const PRECEDENCE = {
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  compare: 5,
  in: 6,
  other: 7,
  sum: 8,
  product: 9,
  collate: 10,
  cast: 11,
  atom: 12,
} as const;

const OPERATOR_PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
  "is distinct from": PRECEDENCE.is,
  "is not distinct from": PRECEDENCE.is,
  "=": PRECEDENCE.compare,
  "<>": PRECEDENCE.compare,
  "<": PRECEDENCE.compare,
  "<=": PRECEDENCE.compare,
  ">": PRECEDENCE.compare,
  ">=": PRECEDENCE.compare,
  "||": PRECEDENCE.other,
  "~": PRECEDENCE.other,
  "->": PRECEDENCE.other,
  "->>": PRECEDENCE.other,
  "#>>": PRECEDENCE.other,
  "@>": PRECEDENCE.other,
  "+": PRECEDENCE.sum,
  "-": PRECEDENCE.sum,
  "*": PRECEDENCE.product,
  "/": PRECEDENCE.product,
  "%": PRECEDENCE.product,
};

function precedence(node: SqlExpression): number {
  switch (node.kind) {
    case "or":
    case "and":
    case "not":
    case "is":
    case "cast":
    case "collate":
      return PRECEDENCE[node.kind];
    case "null-row":
      return PRECEDENCE.cast;
    case "binary":
      return OPERATOR_PRECEDENCE[node.operator];
    case "any-array":
      return PRECEDENCE.compare;
    case "in-list":
      return node.items.length === 0 ? PRECEDENCE.atom : PRECEDENCE.in;
    case "in-select":
      return PRECEDENCE.in;
    // A sign before or after another operator is hard to read, and `--` begins a comment.
    case "negate":
      return PRECEDENCE.or;
    default:
      return PRECEDENCE.atom;
  }
}

/** Prints an expression that stands alone: in a select list, behind `where`, between parentheses. */
export function printExpression(node: SqlExpression): string {
  return printOperand(node, 0);
}

/** Prints an expression that stands where only a primary may: behind `default`. */
export function printPrimary(node: SqlExpression): string {
  return printOperand(node, PRECEDENCE.cast);
}

/** In parentheses where it binds less tightly than the place demands. */
function printOperand(node: SqlExpression, minimum: number): string {
  const text = printBare(node);
  return precedence(node) < minimum ? `(${text})` : text;
}

function printBare(node: SqlExpression): string {
  switch (node.kind) {
    case "column":
      return node.table === undefined
        ? quoteIdentifier(node.name)
        : `${quoteIdentifier(node.table)}.${quoteIdentifier(node.name)}`;
    case "star":
      return `${quoteIdentifier(node.table)}.*`;
    case "literal":
      return printLiteral(node);
    case "null-row":
      return `null::${printName(node.of)}`;
    case "call":
      return `${node.function.schema === undefined ? printFunctionName(node.function.name) : printName(node.function)}(${node.star ? "*" : node.arguments.map(printExpression).join(", ")})`;
    case "binary": {
      if (!BINARY_OPERATORS.includes(node.operator)) throw new RangeError(`"${node.operator}" is not an operator`);
      const own = precedence(node);
      // Comparisons do not chain; of the others, all are left-associative.
      const left = own <= PRECEDENCE.compare ? own + 1 : own;
      return `${printOperand(node.left, left)} ${node.operator} ${printOperand(node.right, own + 1)}`;
    }
    case "and":
    case "or":
      return node.terms.map((term) => printOperand(term, PRECEDENCE[node.kind] + 1)).join(` ${node.kind} `);
    case "not":
      return `not ${printOperand(node.operand, PRECEDENCE.compare + 1)}`;
    case "negate":
      return `- ${printOperand(node.operand, PRECEDENCE.atom)}`;
    case "is":
      return `${printOperand(node.operand, PRECEDENCE.compare + 1)} is ${node.test}`;
    case "case":
      return `case ${node.operand === undefined ? "" : `${printExpression(node.operand)} `}${node.branches.map((b) => `when ${printExpression(b.when)} then ${printExpression(b.then)}`).join(" ")}${node.otherwise === undefined ? "" : ` else ${printExpression(node.otherwise)}`} end`;
    case "cast":
      return `${printOperand(node.operand, PRECEDENCE.cast)}::${printType(node.type)}`;
    case "collate":
      return `${printOperand(node.operand, PRECEDENCE.collate + 1)} collate ${quoteIdentifier(node.collation)}`;
    case "in-list":
      return node.items.length === 0
        ? "false"
        : `${printOperand(node.operand, PRECEDENCE.in + 1)} in (${node.items.map(printExpression).join(", ")})`;
    case "in-select":
      return `${printOperand(node.operand, PRECEDENCE.in + 1)} in (${printSelect(node.select)})`;
    case "any-array":
      // However many parentheses stand around it, `any ((select …))` is a set of rows; a cast makes it one array.
      if (node.array.kind === "scalar-select")
        throw new RangeError("a sub-select behind `any` needs a cast to its array type");
      return `${printOperand(node.operand, PRECEDENCE.other + 1)} = any (${printExpression(node.array)})`;
    case "array":
      return `array[${node.items.map(printExpression).join(", ")}]${node.type === undefined ? "" : `::${printType(node.type)}`}`;
    case "exists":
      return `exists (${printSelect(node.select)})`;
    case "scalar-select":
      return `(${printSelect(node.select)})`;
    case "array-select":
      return `array(${printSelect(node.select)})`;
    default:
      return node satisfies never;
  }
}

/** Prints a select on one line, without parentheses around it. */
export function printSelect(node: SelectNode): string {
  const columns = node.columns.map(
    ({ value, alias }) => printExpression(value) + (alias === undefined ? "" : ` as ${quoteIdentifier(alias)}`),
  );
  const parts = [...printRecursive(node.recursive), `select ${columns.join(", ")}`.trimEnd()];
  if (node.from !== undefined) parts.push(`from ${printFrom(node.from)}`);
  for (const join of node.joins ?? [])
    parts.push(`${join.type} ${printFrom(join.item)} on ${printExpression(join.on)}`);
  if (node.where !== undefined) parts.push(`where ${printExpression(node.where)}`);
  if (node.unionAll !== undefined) parts.push(`union all ${printUnionPart(node.unionAll)}`);
  if (node.orderBy !== undefined) {
    parts.push(
      `order by ${node.orderBy.map((o) => printExpression(o.value) + (o.direction === "desc" ? " desc" : "")).join(", ")}`,
    );
  }
  if (node.limit !== undefined) parts.push(`limit ${Math.trunc(node.limit)}`);
  if (node.forUpdate) parts.push("for update");
  if (node.forKeyShare) parts.push("for key share");
  return parts.join(" ");
}

function printRecursive(node: RecursiveNode | undefined): string[] {
  if (node === undefined) return [];
  const columns = node.columns.map(quoteIdentifier).join(", ");
  const body = `${printSelect(node.first)} union ${printSelect(node.next)}`;
  return [`with recursive ${quoteIdentifier(node.name)} (${columns}) as (${body})`];
}

/** A `with` binds to the whole union unless it stands in parentheses. */
const printUnionPart = (node: SelectNode): string =>
  node.recursive === undefined ? printSelect(node) : `(${printSelect(node)})`;

export function printFrom(item: FromItem): string {
  const alias = quoteIdentifier(item.alias);
  switch (item.kind) {
    case "table":
      return `${printName(item.table)} as ${alias}`;
    case "derived":
      return `(${printSelect(item.select)}) as ${alias}`;
    case "cte":
      return `${quoteIdentifier(item.name)} as ${alias}`;
    case "function":
      return `${printExpression(item.call)} as ${alias}`;
    default:
      return item satisfies never;
  }
}

/** Built-in functions are printed bare: `coalesce` and `nullif` are grammar, and a quoted name would not find them. */
function printFunctionName(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new RangeError(`"${name}" is not the name of a built-in function`);
  return name;
}

function printLiteral({ value, type }: LiteralNode): string {
  const suffix = type === undefined ? "" : `::${printType(type)}`;
  if (value === null) return `null${suffix}`;
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "string":
      return `${quoteLiteral(value)}${suffix}`;
    case "bigint":
    case "number":
      if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${value} is not an SQL constant`);
      // `-1::bigint` would negate a cast: the quoted form is the constant itself.
      return type === undefined
        ? value < 0
          ? `(${value})`
          : String(value)
        : value < 0
          ? `'${value}'${suffix}`
          : `${value}${suffix}`;
    default:
      return value satisfies never;
  }
}
