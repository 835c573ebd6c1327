/** Functions and methods. */
import { type CheckContext, type Checked, type Scope, wrongArguments } from "./check-context.ts";
import { checkAncestors, suggestion } from "./check-names.ts";
import { BOOL, presence } from "./check-operators.ts";
import { checkQuantifier, itemType } from "./check-quantifier.ts";
import { coerce, convert, expectType } from "./coerce.ts";
import { type Core, isRowLike, isRowsLike, type RowsLike } from "./core.ts";
import { compilePattern } from "./pattern.ts";
import { print } from "./print.ts";
import type { CallSyntax, MethodSyntax, Syntax } from "./syntax.ts";
import { describeType, isNumeric, isOrdered, isScalar, isText } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

const INT: ExpressionType = { kind: "int" };
const STRING: ExpressionType = { kind: "string" };

const FUNCTIONS: Readonly<Record<string, string>> = {
  now: "now()",
  timestamp: 'timestamp("2026-06-01T12:00:00Z") or timestamp(date)',
  date: 'date("2026-06-01") or date(timestamp)',
  duration: 'duration("36h")',
  decimal: 'decimal("1.5") or decimal(int)',
  has: "has(x)",
  size: "size(x)",
};

const ROWS_METHODS: Readonly<Record<string, string>> = {
  exists: "exists(x, condition)",
  all: "all(x, condition)",
  filter: "filter(x, condition)",
  map: "map(x, value)",
  size: "size()",
};
const ROW_METHODS: Readonly<Record<string, string>> = {
  ancestors: 'ancestors("parent")',
  selfAndAncestors: 'selfAndAncestors("parent")',
};
const TEXT_METHODS: Readonly<Record<string, string>> = {
  startsWith: "startsWith(string)",
  endsWith: "endsWith(string)",
  contains: "contains(string)",
  matches: 'matches("pattern")',
  lowerAscii: "lowerAscii()",
  size: "size()",
};
const MAP_METHODS: Readonly<Record<string, string>> = { sum: "sum()", min: "min()", max: "max()", size: "size()" };
/** Of single values: what asks each of them, and what is made of all. */
const LIST_METHODS: Readonly<Record<string, string>> = { ...ROWS_METHODS, ...MAP_METHODS };

export function checkCall(syntax: CallSyntax, scope: Scope, context: CheckContext): Checked {
  const { name, range } = syntax;
  const form = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (form === undefined) {
    for (const argument of syntax.arguments) context.check(argument, scope);
    const names = Object.keys(FUNCTIONS);
    const methods = [ROWS_METHODS, ROW_METHODS, TEXT_METHODS, MAP_METHODS].find((each) => Object.hasOwn(each, name));
    const hint =
      methods === undefined ? suggestion(name, names, "Functions") : `It is a method: write x.${methods[name]}.`;
    return context.report("EJS2014", `There is no function "${name}".`, syntax.nameRange, hint);
  }
  const [argument, ...more] = syntax.arguments;
  if (name === "now") {
    if (argument !== undefined) return wrongArguments(syntax, form, context);
    if (context.environment.sameRowOnly) {
      return context.report(
        "EJS2027",
        "now() changes with time: a constraint or generated column cannot depend on it.",
        range,
        "Compare with a column such as createdAt, or put the condition into a policy or guard.",
      );
    }
    return { kind: "now", type: { kind: "timestamp" }, nullable: false, range };
  }
  if (argument === undefined || more.length > 0) return wrongArguments(syntax, form, context);
  if (name === "has") {
    const operand = context.check(argument, scope);
    if (operand === undefined) return undefined;
    if (operand.type.kind === "null") return context.report("EJS2018", "has(null) is always false.", range);
    return presence(operand, true, range, context);
  }
  if (name === "size") {
    const operand = context.check(argument, scope);
    return operand && size(operand, argument, syntax.range, context);
  }
  const operand = context.value(argument, scope);
  if (operand === undefined) return undefined;
  const type = { kind: name } as ExpressionType;
  const source = operand.type.kind;
  const constant = operand.kind === "literal" && source === "string";
  if ((name === "date" && source === "timestamp") || (name === "timestamp" && source === "date")) {
    return { ...convert(operand, type), range };
  }
  if (constant || (name === "decimal" && isNumeric(operand.type))) {
    const typed = coerce(operand, type, context);
    return typed === "mismatch" || typed === undefined ? undefined : { ...typed, range };
  }
  return context.report(
    "EJS2015",
    `${name}() cannot take ${describeType(operand.type)}.`,
    argument.range,
    `Write ${form}.`,
  );
}

export function checkMethod(syntax: MethodSyntax, scope: Scope, context: CheckContext): Checked {
  const checked = context.check(syntax.target, scope);
  const target = checked && itemsOf(checked, syntax.name);
  if (target === undefined) {
    // The variable of a quantifier has no entity then: its body would only bring consequences.
    if (!Object.hasOwn(ROWS_METHODS, syntax.name)) for (const each of syntax.arguments) context.check(each, scope);
    return undefined;
  }
  const methods = methodsOf(target);
  const form = Object.hasOwn(methods, syntax.name) ? methods[syntax.name] : undefined;
  if (form === undefined) return unknownMethod(syntax, target, methods, context);
  if (syntax.name === "size") {
    if (syntax.arguments.length > 0) return wrongArguments(syntax, form, context);
    return size(target, syntax.target, syntax.range, context);
  }
  if (isRowLike(target)) return checkAncestors(syntax, target, context);
  if (target.kind === "map") return aggregate(syntax, target, form, context);
  if (!isRowsLike(target)) return onText(syntax, target, form, scope, context);
  if (target.entity === "" && refusesItems(syntax, context)) return undefined;
  return Object.hasOwn(MAP_METHODS, syntax.name)
    ? aggregate(syntax, itemsThemselves(target, context), form, context)
    : checkQuantifier(syntax, target, form, scope, context);
}

/** A list has the methods of rows; its size is that of a list. */
function itemsOf(list: Core, method: string): Core {
  if (list.kind === "map" || list.type.kind !== "list" || method === "size") return list;
  const { of } = list.type;
  if (of.kind !== "record" && !(isScalar(of) && Object.hasOwn(LIST_METHODS, method))) return list;
  const type = { kind: "rows", entity: "" } as const;
  return { kind: "items", entity: "", list, type, nullable: false, range: list.range };
}

/** `numbers.sum()` is `numbers.map(n, n).sum()`. */
function itemsThemselves(rows: RowsLike, context: CheckContext): Core & { kind: "map" } {
  const binding = context.freshBinding();
  const { range } = rows;
  const of = itemType(rows) ?? INT;
  const body: Core = { kind: "item", binding, type: of, nullable: true, range };
  return { kind: "map", rows, variable: "item", binding, body, type: { kind: "list", of }, nullable: false, range };
}

/** A list is taken apart by a sub-select, which a constraint cannot have. */
function refusesItems({ name, range }: MethodSyntax, context: CheckContext): boolean {
  if (context.environment.sameRowOnly !== true) return false;
  context.report(
    "EJS2025",
    `${name}() asks each item of a list; a constraint or generated column cannot.`,
    range,
    "Put the condition into a policy or a guard, or search the list: x in list.",
  );
  return true;
}

function methodsOf(target: Core): Readonly<Record<string, string>> {
  if (isRowsLike(target)) {
    const of = itemType(target);
    return of !== undefined && isScalar(of) ? LIST_METHODS : ROWS_METHODS;
  }
  if (isRowLike(target)) return ROW_METHODS;
  if (target.kind === "map") return MAP_METHODS;
  if (isText(target.type)) return TEXT_METHODS;
  return target.type.kind === "list" ? LIST_METHODS : {};
}

function unknownMethod(
  syntax: MethodSyntax,
  target: Core,
  methods: Readonly<Record<string, string>>,
  context: CheckContext,
): undefined {
  const { name, nameRange } = syntax;
  const text = print(syntax.target);
  const message = `${text} is of type ${describeType(target.type)} and has no method "${name}".`;
  const aggregated = isRowsLike(target) && Object.hasOwn(MAP_METHODS, name);
  const quantified = target.type.kind === "list" && name === "contains";
  const hint = aggregated
    ? `Say what of each row: ${text}.map(x, x.…).${name}().`
    : quantified
      ? `To search a list write x in ${text}.`
      : target.type.kind === "json"
        ? "Where a schema says that it is a list it has exists, map, sum and others; rows that a step has listed are gone over by forEach, or asked by a query."
        : suggestion(name, Object.keys(methods), "Methods");
  return context.report("EJS2014", message, nameRange, hint);
}

function size(operand: Core, { range: place }: Syntax, range: Core["range"], context: CheckContext): Checked {
  if (isRowsLike(operand)) return { kind: "count", rows: operand, type: INT, nullable: false, range };
  if (isText(operand.type) || operand.type.kind === "list") {
    return { kind: "size", operand, type: INT, nullable: operand.nullable, range };
  }
  return context.report(
    "EJS2015",
    `size() takes a string, a list or a relation, found ${describeType(operand.type)}.`,
    place,
  );
}

function onText(syntax: MethodSyntax, operand: Core, form: string, scope: Scope, context: CheckContext): Checked {
  const { name, range } = syntax;
  const [argument, ...more] = syntax.arguments;
  if (name === "lowerAscii") {
    if (argument !== undefined) return wrongArguments(syntax, form, context);
    return { kind: "lower-ascii", operand, type: STRING, nullable: operand.nullable, range };
  }
  if (argument === undefined || more.length > 0) return wrongArguments(syntax, form, context);
  if (name === "matches") {
    if (argument.kind !== "string") {
      return context.report(
        "EJS2015",
        "The pattern of matches() must be a string constant.",
        argument.range,
        `Write ${form}.`,
      );
    }
    const compiled = compilePattern(argument.value);
    if (!compiled.ok) {
      const message = `The pattern ${JSON.stringify(argument.value)}: ${compiled.message} (at ${compiled.offset}).`;
      return context.report("EJS2028", message, argument.range);
    }
    return { kind: "matches", operand, pattern: compiled.pattern, type: BOOL, nullable: operand.nullable, range };
  }
  const value = context.value(argument, scope);
  const typed = value && expectType(value, STRING, context);
  if (typed === undefined) return undefined;
  const kind = name === "startsWith" ? "starts-with" : name === "endsWith" ? "ends-with" : "contains";
  return { kind, operand, argument: typed, type: BOOL, nullable: operand.nullable || typed.nullable, range };
}

function aggregate(syntax: MethodSyntax, target: Core & { kind: "map" }, form: string, context: CheckContext): Checked {
  const { name, range } = syntax;
  if (syntax.arguments.length > 0) return wrongArguments(syntax, form, context);
  const operator = name === "sum" ? "sum" : name === "min" ? "min" : "max";
  const { rows, variable, binding, body } = target;
  const fits = operator === "sum" ? isNumeric(body.type) || body.type.kind === "duration" : isOrdered(body.type);
  if (!fits) {
    const takes =
      operator === "sum" ? "int, decimal and duration" : "int, decimal, string, date, timestamp and duration";
    return context.report(
      "EJS2016",
      `There is no ${name}() of ${describeType(body.type)}.`,
      range,
      `${name}() takes ${takes}.`,
    );
  }
  const nullable = operator !== "sum";
  return { kind: "aggregate", operator, rows, variable, binding, body, type: body.type, nullable, range };
}
