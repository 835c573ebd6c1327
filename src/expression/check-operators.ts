/** Operators: comparison, logic, arithmetic, `in`, `? :`. */
import { checkArithmetic } from "./check-arithmetic.ts";
import type { CheckContext, Checked, Scope } from "./check-context.ts";
import { idOf, isReadable, recordVariable } from "./check-names.ts";
import { coerce, expectType, unify } from "./coerce.ts";
import type { Comparison, Core } from "./core.ts";
import { isRowLike } from "./core.ts";
import type { Range } from "./expression-error.ts";
import { print } from "./print.ts";
import type { BinarySyntax, ConditionalSyntax, ListSyntax, LogicalSyntax, Syntax, UnarySyntax } from "./syntax.ts";
import { describeType, isNumeric, isOrdered, isScalar, sameType } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

export const BOOL: ExpressionType = { kind: "bool" };

export function checkCondition(syntax: Syntax, scope: Scope, context: CheckContext): Checked {
  const core = context.value(syntax, scope);
  if (core === undefined) return undefined;
  return expectType(
    core,
    BOOL,
    context,
    core.nullable && core.type.kind !== "null" ? nullHint(syntax, core) : undefined,
  );
}

const nullHint = (syntax: Syntax, core: Core): string | undefined =>
  core.type.kind === "bool" ? undefined : `To ask whether it is there write has(${print(syntax)}).`;

export function checkLogical(syntax: LogicalSyntax, scope: Scope, context: CheckContext): Checked {
  const operands = syntax.operands.map((operand) => checkCondition(operand, scope, context));
  if (operands.includes(undefined)) return undefined;
  const checked = operands as Core[];
  const nullable = checked.some((operand) => operand.nullable);
  const kind = syntax.operator === "&&" ? "and" : "or";
  return { kind, operands: checked, type: BOOL, nullable, range: syntax.range };
}

export function checkUnary(syntax: UnarySyntax, scope: Scope, context: CheckContext): Checked {
  const { range } = syntax;
  if (syntax.operator === "!") {
    const operand = checkCondition(syntax.operand, scope, context);
    return operand && { kind: "not", operand, type: BOOL, nullable: operand.nullable, range };
  }
  const operand = context.value(syntax.operand, scope);
  if (operand === undefined) return undefined;
  if (!isNumeric(operand.type) && operand.type.kind !== "duration") {
    return context.report(
      "EJS2016",
      `There is no - of ${describeType(operand.type)}.`,
      range,
      "- takes int, decimal and duration.",
    );
  }
  return { kind: "negate", operand, type: operand.type, nullable: operand.nullable, range };
}

export function checkConditional(syntax: ConditionalSyntax, scope: Scope, context: CheckContext): Checked {
  const condition = checkCondition(syntax.condition, scope, context);
  const first = context.value(syntax.then, scope);
  const second = context.value(syntax.otherwise, scope);
  if (condition === undefined || first === undefined || second === undefined) return undefined;
  const unified = unify(first, second, context);
  if (unified === undefined) return undefined;
  if (unified === "mismatch") {
    const types = `${describeType(first.type)} and ${describeType(second.type)}`;
    return context.report("EJS2010", `Both sides of ? : need one type, found ${types}.`, syntax.range);
  }
  const [then, otherwise] = unified;
  const nullable = condition.nullable || then.nullable || otherwise.nullable;
  return { kind: "conditional", condition, then, otherwise, type: then.type, nullable, range: syntax.range };
}

export function checkList(syntax: ListSyntax, scope: Scope, context: CheckContext): Checked {
  const items = checkItems(syntax.items, scope, context);
  if (items === undefined) return undefined;
  let type: ExpressionType = items[0]?.type ?? { kind: "null" };
  // One decimal makes all of them decimals.
  for (const item of items) if (type.kind === "int" && item.type.kind === "decimal") type = item.type;
  const typed = items.map((item) => (type.kind === "null" ? item : expectType(item, type, context)));
  if (typed.includes(undefined)) return undefined;
  const range = syntax.range;
  return { kind: "list", items: typed as Core[], type: { kind: "list", of: type }, nullable: false, range };
}

function checkItems(syntaxes: readonly Syntax[], scope: Scope, context: CheckContext): Core[] | undefined {
  const items = syntaxes.map((item) => {
    const core = context.value(item, scope);
    if (core?.type.kind === "null") {
      return context.report(
        "EJS2018",
        "A list holds no null.",
        item.range,
        "Test for null beside it: x == null || x in […].",
      );
    }
    if (core !== undefined && !isScalar(core.type)) {
      return context.report("EJS2010", `A list holds single values, found ${describeType(core.type)}.`, item.range);
    }
    return core;
  });
  return items.includes(undefined) ? undefined : (items as Core[]);
}

export function checkBinary(syntax: BinarySyntax, scope: Scope, context: CheckContext): Checked {
  switch (syntax.operator) {
    case "==":
    case "!=":
      return checkEquality(syntax, scope, context);
    case "in":
      return checkIn(syntax, scope, context);
    default: {
      const left = context.value(syntax.left, scope);
      const right = context.value(syntax.right, scope);
      if (left === undefined || right === undefined) return undefined;
      const nullSide = left.type.kind === "null" ? syntax.left : right.type.kind === "null" ? syntax.right : undefined;
      if (nullSide !== undefined) {
        return context.report(
          "EJS2018",
          `"${syntax.operator}" with null is always unknown.`,
          nullSide.range,
          "Write x == null or has(x) to ask about null.",
        );
      }
      const { operator, range } = syntax;
      return operator === "<" || operator === "<=" || operator === ">" || operator === ">="
        ? compare(operator, left, right, range, context)
        : checkArithmetic(operator, left, right, range, context);
    }
  }
}

function checkEquality(syntax: BinarySyntax, scope: Scope, context: CheckContext): Checked {
  const { range } = syntax;
  const operator = syntax.operator === "!=" ? "!=" : "==";
  const records = [syntax.left, syntax.right].map((side) => recordVariable(side, scope));
  // `row.owner == actor`: both have an id, neither is a value.
  if (records.some((record) => record !== undefined) && !context.environment.sameRowOnly) {
    const [left, right] = [syntax.left, syntax.right].map((side, i) =>
      records[i] === undefined ? context.check(side, scope) : undefined,
    );
    if ((records[0] === undefined && left === undefined) || (records[1] === undefined && right === undefined)) {
      return undefined;
    }
    const hint = `Compare ids: ${idOf(syntax.left, left)} ${operator} ${idOf(syntax.right, right)}.`;
    return context.report("EJS2017", `${print(syntax)} compares whole rows.`, range, hint);
  }
  const left = context.check(syntax.left, scope);
  const right = context.check(syntax.right, scope);
  if (left === undefined || right === undefined) return undefined;
  if (left.type.kind === "null" || right.type.kind === "null") {
    return nullTest(left, right, operator === "!=", range, context);
  }
  if (left.type.kind === "rows" || right.type.kind === "rows") {
    const many = left.type.kind === "rows" ? syntax.left : syntax.right;
    return context.report(
      "EJS2021",
      `${print(many)} stands for many rows.`,
      many.range,
      `Write ${print(many)}.exists(x, …) or ${print(many)}.size() == 0.`,
    );
  }
  if (isRowLike(left) || isRowLike(right)) {
    const hint = `Compare ids: ${idOf(syntax.left, left)} ${operator} ${idOf(syntax.right, right)}.`;
    return context.report("EJS2017", `${print(syntax)} compares whole rows.`, range, hint);
  }
  return compare(operator, left, right, range, context);
}

function nullTest(left: Core, right: Core, negated: boolean, range: Range, context: CheckContext): Checked {
  const operand = left.type.kind === "null" ? right : left;
  if (operand.type.kind === "null") {
    return context.report("EJS2018", "Both sides are null: the comparison has no meaning.", range);
  }
  return presence(operand, negated, range, context);
}

/** `x == null`, `x != null` and `has(x)`. */
export function presence(operand: Core, negated: boolean, range: Range, context: CheckContext): Checked {
  if (operand.type.kind === "rows") {
    return context.report(
      "EJS2018",
      "A to-many relation is never null.",
      operand.range,
      "Ask for its size: rows.size() == 0, or rows.exists(x, …).",
    );
  }
  if (operand.kind === "one" && !isReadable(operand, context)) return undefined;
  return { kind: "null-test", operand, negated, type: BOOL, nullable: false, range };
}

function compare(operator: Comparison, left: Core, right: Core, range: Range, context: CheckContext): Checked {
  const unified = unify(left, right, context);
  if (unified === undefined) return undefined;
  const both = `${describeType(left.type)} and ${describeType(right.type)}`;
  if (unified === "mismatch") {
    return context.report("EJS2016", `Cannot compare ${both}.`, range, comparisonHint(left.type, right.type));
  }
  const [a, b] = unified;
  const equality = operator === "==" || operator === "!=";
  if (equality ? !isScalar(a.type) || a.type.kind === "json" : !isOrdered(a.type)) {
    const hint = equality
      ? "Lists are searched with in, JSON is tested for null only."
      : "Int, decimal, string, date, timestamp and duration are ordered.";
    return context.report("EJS2016", `There is no ${operator} for ${describeType(a.type)}.`, range, hint);
  }
  return { kind: "compare", operator, left: a, right: b, type: BOOL, nullable: a.nullable || b.nullable, range };
}

function comparisonHint(left: ExpressionType, right: ExpressionType): string | undefined {
  const kinds = [left.kind, right.kind];
  if (kinds.includes("date") && kinds.includes("timestamp"))
    return "Write date(x) to take the (UTC) date of the timestamp.";
  if (kinds.includes("list")) return "To search a list write x in list.";
  if (left.kind === "enum" && right.kind === "enum") return "The two have no value in common.";
  return undefined;
}

function checkIn(syntax: BinarySyntax, scope: Scope, context: CheckContext): Checked {
  const { range } = syntax;
  const operand = context.value(syntax.left, scope);
  if (syntax.right.kind === "list") {
    const items = checkItems(syntax.right.items, scope, context);
    if (operand === undefined || items === undefined || refuseNull(operand, context)) return undefined;
    return inItems(operand, items, range, context);
  }
  const list = context.check(syntax.right, scope);
  if (operand === undefined || list === undefined || refuseNull(operand, context)) return undefined;
  if (list.type.kind !== "list") {
    const text = print(syntax.right);
    const hint =
      list.type.kind === "rows"
        ? `Write ${text}.exists(x, x.… == ${print(syntax.left)}).`
        : list.type.kind === "string"
          ? `Write ${text}.contains(…).`
          : undefined;
    return context.report(
      "EJS2010",
      `Expected a list behind "in", found ${describeType(list.type)}.`,
      syntax.right.range,
      hint,
    );
  }
  const unified = unify(operand, { ...list, type: list.type.of }, context);
  if (unified === undefined) return undefined;
  if (unified === "mismatch" || !sameType(unified[1].type, list.type.of)) {
    return context.report(
      "EJS2010",
      `Cannot look for ${describeType(operand.type)} in a ${describeType(list.type)}.`,
      range,
    );
  }
  const holdsNull = list.kind === "map" && list.body.nullable;
  const nullable = unified[0].nullable || list.nullable || holdsNull;
  return { kind: "in-array", operand: unified[0], list, type: BOOL, nullable, range };
}

const refuseNull = (operand: Core, context: CheckContext): boolean => {
  if (operand.type.kind !== "null") return false;
  context.report("EJS2018", "null is in no list.", operand.range, "Write x == null.");
  return true;
};

function inItems(operand: Core, items: readonly Core[], range: Range, context: CheckContext): Checked {
  let left = operand;
  const typed: Core[] = [];
  for (const item of items) {
    const unified = unify(left, item, context);
    if (unified === undefined) return undefined;
    if (unified === "mismatch") {
      return context.report(
        "EJS2010",
        `Expected ${describeType(left.type)}, found ${describeType(item.type)}.`,
        item.range,
      );
    }
    [left] = unified;
    typed.push(unified[1]);
  }
  // A decimal behind an int: the ones before it become decimals as well.
  const aligned = typed.map((item) => coerce(item, left.type, context));
  if (aligned.some((item) => item === undefined || item === "mismatch")) {
    return context.report("EJS2010", "The list mixes types.", range);
  }
  if (!isScalar(left.type) || left.type.kind === "json") {
    return context.report("EJS2016", `Cannot look for ${describeType(left.type)} in a list.`, range);
  }
  const nullable = items.length > 0 && (left.nullable || items.some((item) => item.nullable));
  return { kind: "in-list", operand: left, items: aligned as Core[], type: BOOL, nullable, range };
}
