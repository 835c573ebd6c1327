/** The value of an expression as SQL. */
import {
  and,
  anyArray,
  array,
  arraySelect,
  type BinaryOperator,
  binary,
  branch,
  call,
  caseOf,
  caseWhen,
  cast,
  collate,
  column,
  countStar,
  fromFunction,
  inList,
  is,
  literal,
  negate,
  not,
  or,
  type SqlExpression,
  scalarSelect,
  select,
} from "../sql-ast/expressions.ts";
import { isNonZero } from "./check-arithmetic.ts";
import { isConstant } from "./coerce.ts";
import type {
  AggregateCore,
  ArithmeticCore,
  CompareCore,
  Core,
  CountCore,
  InListCore,
  LiteralCore,
  MemberCore,
  RowsLike,
  VirtualCore,
} from "./core.ts";
import { formatDecimal } from "./decimal.ts";
import { columnValue, overDerived, presenceColumn, type SqlContext, selectTarget, sideValue } from "./sql-context.ts";
import { selectRows } from "./sql-rows.ts";
import { formatDate, formatInterval, formatTimestamp } from "./temporal.ts";
import { isText } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

const OPERATORS = { "==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=" } as const;

/** How PostgreSQL holds a type; a row is held by its id. */
export function sqlType(type: ExpressionType): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "int":
      return "bigint";
    case "decimal":
      return "numeric";
    case "string":
    case "enum":
    case "null":
      return "text";
    case "uuid":
    case "date":
      return type.kind;
    case "timestamp":
      return "timestamptz";
    case "duration":
      return "interval";
    case "json":
    case "record":
      return "jsonb";
    case "list":
      return `${sqlType(type.of)}[]`;
    case "row":
    case "rows":
      throw new RangeError(`a ${type.kind} of ${type.entity} has no SQL type of its own`);
    default:
      return type satisfies never;
  }
}

export function printValue(core: Core, context: SqlContext): SqlExpression {
  const { value, truth } = context;
  switch (core.kind) {
    case "literal":
      return printLiteral(core);
    case "now":
      return call("now");
    case "item": {
      // The only column of unnest() is called as the function's alias is.
      const alias = context.aliases.at(core.binding);
      return column(alias, alias);
    }
    case "value":
      return core.sql;
    case "member":
      return printMember(core, context);
    case "list":
      return array(core.items.map(value), sqlType(core.type));
    case "row":
    case "one":
      return presenceColumn(core, context);
    case "many":
    case "ancestors":
    case "filter":
    case "items":
      throw new RangeError(`the rows of "${core.entity}" are not a value`);
    case "column":
      return columnValue(core.target, core.column, context);
    case "side-column":
      return sideValue(core, context);
    case "virtual":
      return printVirtual(core, context);
    case "exists":
    case "all":
      if (!core.nullable) return truth(core, true);
      return caseWhen([branch(truth(core, true), literal(true)), branch(truth(core, false), literal(false))]);
    case "count":
      return printCount(core, context);
    case "aggregate":
      return printAggregate(core, context);
    case "map":
      return arraySelect(selectRows(core.rows, (alias) => ({ value: bound(core, alias, context) }), context));
    case "null-test":
      return is(nullTestOperand(core.operand, context), core.negated ? "not null" : "null");
    case "compare":
      return printCompare(core, core.operator, context);
    case "and":
      return and(...core.operands.map(value));
    case "or":
      return or(...core.operands.map(value));
    case "not":
      return not(value(core.operand));
    case "conditional": {
      const [condition, then, otherwise] = [value(core.condition), value(core.then), value(core.otherwise)];
      if (!core.condition.nullable) return caseWhen([branch(condition, then)], otherwise);
      return caseOf(condition, [branch(literal(true), then), branch(literal(false), otherwise)]);
    }
    case "in-list":
      return printInList(core, context);
    case "in-array":
      return anyArray(value(core.operand), value(core.list));
    case "negate":
      return negate(
        core.type.kind === "int" && !isBigint(core.operand, core.operand)
          ? cast(value(core.operand), "bigint")
          : value(core.operand),
      );
    case "arithmetic":
      return printArithmetic(core, context);
    case "concat":
      return binary("||", beside(core.left, core.right, context), beside(core.right, core.left, context));
    case "starts-with":
      return call("starts_with", value(core.operand), beside(core.argument, core.operand, context));
    case "ends-with":
      // right(x, length(y)) = y would print y twice, and its parts twice each.
      return call("starts_with", call("reverse", value(core.operand)), call("reverse", value(core.argument)));
    case "contains":
      return binary(">", call("strpos", value(core.operand), beside(core.argument, core.operand, context)), literal(0));
    case "matches":
      return binary("~", value(core.operand), literal(core.pattern.source));
    case "lower-ascii":
      return call("lower", collate(value(core.operand), "C"));
    case "size":
      return cast(call(isText(core.operand.type) ? "char_length" : "cardinality", value(core.operand)), "bigint");
    case "convert":
      return printConvert(core.operand, core.type, context);
    default:
      return core satisfies never;
  }
}

/**
 * Of one item an equality: PostgreSQL reads `x in ((select …))` as a search of the
 * select's rows, which is false, not unknown, where there are none.
 */
function printInList({ operand, items }: InListCore, context: SqlContext): SqlExpression {
  const values = items.map((item) => beside(item, operand, context));
  const [only, ...more] = values;
  const searched = context.value(operand);
  return only !== undefined && more.length === 0 ? binary("=", searched, only) : inList(searched, values);
}

/** An operand beside another: a plain constant takes its type from a side that has one, and reads better without a cast. */
function beside(core: Core, other: Core, context: SqlContext): SqlExpression {
  if (core.kind !== "literal" || isConstant(other)) return context.value(core);
  if (typeof core.value === "bigint" && core.type.kind === "int") return literal(core.value);
  return typeof core.value === "string" && isText(core.type) ? literal(core.value) : context.value(core);
}

function printLiteral({ value, type }: LiteralCore): SqlExpression {
  if (value === null) return literal(null, sqlType(type));
  if (typeof value === "boolean") return literal(value);
  if (typeof value === "object") return literal(formatDecimal(value), "numeric");
  if (typeof value === "string") return literal(value, sqlType(type));
  switch (type.kind) {
    case "timestamp":
      return literal(inRange(formatTimestamp(value)), "timestamptz");
    case "date":
      return literal(inRange(formatDate(value)), "date");
    case "duration":
      return literal(formatInterval(value), "interval");
    default:
      return literal(value, "bigint");
  }
}

function inRange(text: string | undefined): string {
  if (text === undefined) throw new RangeError("the constant lies outside the years 1 to 9999");
  return text;
}

/** Whether a row is there, or a value. */
export const nullTestOperand = (core: Core, context: SqlContext): SqlExpression =>
  core.kind === "row" || core.kind === "one" ? presenceColumn(core, context) : context.value(core);

/** A comparison; strings are ordered by their code points, whatever the database's collation. */
export function printCompare(
  { left, right }: CompareCore,
  operator: CompareCore["operator"],
  context: SqlContext,
): SqlExpression {
  const a = beside(left, right, context);
  const b = beside(right, left, context);
  const ordersText = left.type.kind === "string" && operator !== "==" && operator !== "!=";
  return binary(OPERATORS[operator] satisfies BinaryOperator, ordersText ? collate(a, "C") : a, b);
}

function printArithmetic(core: ArithmeticCore, context: SqlContext): SqlExpression {
  const { operator, left, right, type } = core;
  if (type.kind === "timestamp") {
    const [instant, duration] = left.type.kind === "timestamp" ? [left, right] : [right, left];
    const sign = operator === "-" ? "-" : "+";
    if (duration.kind === "literal") return binary(sign, context.value(instant), context.value(duration));
    // An interval may hold days, and a day in the session's time zone may have 23 hours: the sum is made in UTC.
    const utc = (node: SqlExpression) => call("timezone", literal("UTC"), node);
    return utc(binary(sign, utc(context.value(instant)), context.value(duration)));
  }
  if (left.type.kind === "date") {
    const days = binary("-", context.value(left), context.value(right));
    return call("make_interval", literal(0), literal(0), literal(0), days);
  }
  const narrow = type.kind === "int" && !isBigint(left, right) && !isBigint(right, left);
  const a = narrow ? cast(context.value(left), "bigint") : beside(left, right, context);
  const b = beside(right, left, context);
  const divides = operator === "/" || operator === "%";
  return binary(operator, a, divides && !isNonZero(right) ? call("nullif", b, literal(0)) : b);
}

/**
 * Whether an int is certainly a bigint in SQL. A column may be a 4-byte integer,
 * whose operators overflow at 2^31; one bigint operand makes the operation one of bigints.
 */
function isBigint(core: Core, other: Core): boolean {
  switch (core.kind) {
    case "literal":
      return isConstant(other);
    case "arithmetic":
    case "negate":
    case "count":
    case "size":
    case "member":
      return true;
    case "aggregate":
      return core.operator === "sum";
    default:
      return false;
  }
}

const bound = (
  core: { readonly binding: number; readonly body: Core },
  alias: string,
  context: SqlContext,
): SqlExpression => {
  context.aliases.bind(core.binding, alias);
  return context.value(core.body);
};

function printCount({ rows }: CountCore, context: SqlContext): SqlExpression {
  // count(*) has no argument that could belong to the outer query: no derived table, unless the rows are a union.
  return sourceOf(rows).kind === "ancestors"
    ? overDerived(
        selectRows(rows, () => ({ value: literal(1) }), context),
        () => countStar(),
        context,
      )
    : scalarSelect(selectRows(rows, () => ({ value: countStar() }), context));
}

const sourceOf = (rows: RowsLike): RowsLike => (rows.kind === "filter" ? sourceOf(rows.rows) : rows);

function printAggregate(core: AggregateCore, context: SqlContext): SqlExpression {
  const text = core.type.kind === "string";
  const rows = selectRows(
    core.rows,
    (alias) => {
      const body = bound(core, alias, context);
      return { value: text ? collate(body, "C") : body };
    },
    context,
  );
  const result = overDerived(
    rows,
    (v) => {
      if (core.operator !== "sum") return call(core.operator, v);
      if (core.type.kind === "duration") return call("coalesce", call("sum", v), literal("00:00:00", "interval"));
      const sum = call("coalesce", call("sum", v), literal(0));
      // sum(bigint) is numeric.
      return core.type.kind === "int" ? cast(sum, "bigint") : sum;
    },
    context,
  );
  // Said again outside: beside a column with a collation of its own the sub-select's would be ambiguous.
  return text ? collate(result, "C") : result;
}

function printVirtual(core: VirtualCore, context: SqlContext): SqlExpression {
  const { target } = core;
  if (target.kind === "one") {
    return scalarSelect(selectTarget(target, (alias) => ({ value: bound(core, alias, context) }), context));
  }
  const body = bound(core, context.aliases.of(target), context);
  if (!target.nullable) return body;
  return caseWhen([branch(is(presenceColumn(target, context), "not null"), body)]);
}

function printConvert(operand: Core, type: ExpressionType, context: SqlContext): SqlExpression {
  const value = context.value(operand);
  switch (type.kind) {
    case "decimal":
      return cast(value, "numeric");
    case "date":
      return cast(call("timezone", literal("UTC"), value), "date");
    case "timestamp":
      return call("timezone", literal("UTC"), cast(value, "timestamp"));
    default:
      // A state is text already.
      return value;
  }
}

/** A member of a record, which PostgreSQL holds as jsonb. */
function printMember(core: MemberCore, context: SqlContext): SqlExpression {
  const record = context.value(core.target);
  const json = binary("->", record, literal(core.name));
  switch (core.type.kind) {
    case "record":
    case "json":
      // JSON's null is null.
      return call("nullif", json, literal("null", "jsonb"));
    case "list": {
      const alias = context.aliases.fresh();
      const items = select({
        columns: [{ value: cast(column(alias, "value"), sqlType(core.type.of)) }],
        from: fromFunction(call("jsonb_array_elements_text", json), alias),
      });
      const isArray = binary("=", call("jsonb_typeof", json), literal("array"));
      return caseWhen([branch(isArray, arraySelect(items))]);
    }
    default: {
      const text = binary("->>", record, literal(core.name));
      return isText(core.type) ? text : cast(text, sqlType(core.type));
    }
  }
}
