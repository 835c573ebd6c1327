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
  fromFunction,
  inList,
  is,
  literal,
  not,
  or,
  type SqlExpression,
  scalarSelect,
  select,
} from "../sql-ast/expressions.ts";
import type { CompareCore, Core, InListCore, MemberCore, VirtualCore } from "./core.ts";
import { printAggregate, printCount, printMap } from "./sql-aggregate.ts";
import { printArithmetic, printNegation } from "./sql-arithmetic.ts";
import { bodyValue, columnValue, presenceColumn, type SqlContext, selectTarget, sideValue } from "./sql-context.ts";
import { beside, printLiteral } from "./sql-literal.ts";
import { sqlType } from "./sql-type.ts";
import { isText } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

const OPERATORS = { "==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=" } as const;

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
      return printMap(core, context);
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
      return printNegation(core, context);
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

function printVirtual(core: VirtualCore, context: SqlContext): SqlExpression {
  const { target } = core;
  if (target.kind === "one") {
    return scalarSelect(selectTarget(target, (alias) => ({ value: bodyValue(core, alias, context) }), context));
  }
  const body = bodyValue(core, context.aliases.of(target), context);
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
