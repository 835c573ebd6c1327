/** Functions, methods and quantifiers. */
import { type CheckContext, type Checked, listNames, type Scope } from "./check-context.ts";
import { checkAncestors, entityOf, suggestion } from "./check-names.ts";
import { BOOL, checkCondition, presence } from "./check-operators.ts";
import { coerce, convert, expectType } from "./coerce.ts";
import { type Binding, type Core, isRowLike, isRowsLike, type RowsLike } from "./core.ts";
import { LIMITS } from "./limits.ts";
import { compilePattern } from "./pattern.ts";
import { print } from "./print.ts";
import { type CallSyntax, type MethodSyntax, RESERVED_WORDS, type Syntax } from "./syntax.ts";
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
const LIST_METHODS: Readonly<Record<string, string>> = { size: "size()" };
const MAP_METHODS: Readonly<Record<string, string>> = { sum: "sum()", min: "min()", max: "max()", size: "size()" };

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

function wrongArguments(syntax: CallSyntax | MethodSyntax, form: string, context: CheckContext): undefined {
  const count = syntax.arguments.length;
  const given = `${count === 0 ? "no arguments" : count === 1 ? "one argument" : `${count} arguments`} given`;
  return context.report("EJS2015", `${syntax.name}() is written ${form}; ${given}.`, syntax.range);
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
  if (isRowsLike(target)) return overRows(syntax, target, form, scope, context);
  return target.kind === "map"
    ? aggregate(syntax, target, form, context)
    : onText(syntax, target, form, scope, context);
}

/** A list of records has the methods of rows; its size is that of a list. */
function itemsOf(list: Core, method: string): Core {
  if (list.kind === "map" || list.type.kind !== "list" || list.type.of.kind !== "record" || method === "size")
    return list;
  const type = { kind: "rows", entity: "" } as const;
  return { kind: "items", entity: "", list, type, nullable: false, range: list.range };
}

function methodsOf(target: Core): Readonly<Record<string, string>> {
  if (isRowsLike(target)) return ROWS_METHODS;
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
  const quantified = target.type.kind === "list" && (name === "contains" || name === "exists");
  const hint = aggregated
    ? `Say what of each row: ${text}.map(x, x.…).${name}().`
    : quantified
      ? `To search a list write x in ${text}.`
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

function overRows(syntax: MethodSyntax, rows: RowsLike, form: string, scope: Scope, context: CheckContext): Checked {
  const { range } = syntax;
  const [name, part, ...more] = syntax.arguments;
  if (name === undefined || part === undefined || more.length > 0) return wrongArguments(syntax, form, context);
  const opened = openScope(name, rows, scope, context);
  if (opened === undefined) return undefined;
  const { variable, binding } = opened;
  if (syntax.name === "map") {
    const body = context.value(part, opened.scope);
    if (body === undefined) return undefined;
    if (!isScalar(body.type)) {
      return context.report("EJS2010", `map() takes single values, found ${describeType(body.type)}.`, part.range);
    }
    const type = { kind: "list", of: body.type } as const;
    return { kind: "map", rows, variable, binding, body, type, nullable: false, range };
  }
  const predicate = checkCondition(part, opened.scope, context);
  if (predicate === undefined) return undefined;
  if (syntax.name === "filter") {
    return {
      kind: "filter",
      entity: rows.entity,
      rows,
      variable,
      binding,
      predicate,
      type: rows.type,
      nullable: false,
      range,
    };
  }
  const kind = syntax.name === "exists" ? "exists" : "all";
  return { kind, rows, variable, binding, predicate, type: BOOL, nullable: predicate.nullable, range };
}

function openScope(
  name: Syntax,
  rows: RowsLike,
  scope: Scope,
  context: CheckContext,
): { variable: string; binding: Binding; scope: Scope } | undefined {
  if (name.kind !== "name" || RESERVED_WORDS.has(name.name)) {
    return context.report("EJS2015", "The first argument names the row: rows.exists(x, x.…).", name.range);
  }
  if (scope.bound.has(name.name) || Object.hasOwn(scope.variables, name.name)) {
    const taken = [...scope.bound.keys(), ...Object.keys(scope.variables)];
    return context.report(
      "EJS2022",
      `"${name.name}" is already a name here.`,
      name.range,
      `Taken: ${listNames(taken)}.`,
    );
  }
  const quantifiers = scope.quantifiers + 1;
  const expandedQuantifiers = scope.expandedQuantifiers + 1;
  if (quantifiers > LIMITS.quantifiers || expandedQuantifiers > LIMITS.expandedQuantifiers) {
    const limit = quantifiers > LIMITS.quantifiers ? LIMITS.quantifiers : LIMITS.expandedQuantifiers;
    return context.report(
      "EJS2006",
      `exists, all, filter and map are nested more than ${limit} levels deep.`,
      name.range,
    );
  }
  const binding = context.freshBinding();
  const item = itemType(rows);
  if (item === undefined) entityOf(rows.entity, context);
  const bound = new Map(scope.bound).set(name.name, { entity: rows.entity, binding, ...(item && { item }) });
  return { variable: name.name, binding, scope: { ...scope, bound, quantifiers, expandedQuantifiers } };
}

/** What the items of a list are, filtered or not; undefined for rows. */
function itemType(rows: RowsLike): ExpressionType | undefined {
  if (rows.kind === "filter") return itemType(rows.rows);
  return rows.kind === "items" && rows.list.type.kind === "list" ? rows.list.type.of : undefined;
}
