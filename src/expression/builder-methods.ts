/** The methods of a symbol: what each records. */
import { refuse } from "./builder-refusal.ts";
import { boundName, preferredName } from "./builder-variables.ts";
import { type BinarySyntaxOperator, NOWHERE, type Syntax } from "./syntax.ts";

export interface MethodContext {
  readonly syntaxOf: (value: unknown) => Syntax;
  readonly isSymbol: (value: unknown) => boolean;
  /** The symbol of a quantifier's variable. */
  readonly bind: (name: string) => unknown;
}

type Method = (target: Syntax, args: readonly unknown[], context: MethodContext) => Syntax;

const range = NOWHERE;
const NULL: Syntax = { kind: "null", range };

function only(name: string, args: readonly unknown[], count: number): void {
  if (args.length === count) return;
  const takes = count === 0 ? "no arguments" : count === 1 ? "one argument" : `${count} arguments`;
  refuse("EJS2015", `.${name}() takes ${takes}, ${args.length} given.`);
}

const infix =
  (name: string, operator: BinarySyntaxOperator): Method =>
  (left, args, context) => {
    only(name, args, 1);
    return { kind: "binary", operator, left, right: context.syntaxOf(args[0]), range };
  };

const nullTest =
  (name: string, operator: "==" | "!="): Method =>
  (left, args) => {
    only(name, args, 0);
    return { kind: "binary", operator, left, right: NULL, range };
  };

const logical =
  (name: string, operator: "&&" | "||"): Method =>
  (target, args, context) => {
    if (args.length === 0) refuse("EJS2015", `.${name}() takes at least one condition.`);
    return { kind: "logical", operator, operands: [target, ...args.map(context.syntaxOf)], range };
  };

const method =
  (name: string, count: number): Method =>
  (target, args, context) => {
    only(name, args, count);
    return { kind: "method", target, name, nameRange: range, arguments: args.map(context.syntaxOf), range };
  };

const quantifier =
  (name: string): Method =>
  (target, args, context) => {
    const [callback] = args;
    if (args.length !== 1 || typeof callback !== "function" || context.isSymbol(callback)) {
      return refuse("EJS2015", `.${name}() takes a callback: .${name}(x => …).`);
    }
    const variable = boundName(preferredName(String(callback)));
    const body = context.syntaxOf(callback(context.bind(variable)));
    const binder: Syntax = { kind: "name", name: variable, range };
    return { kind: "method", target, name, nameRange: range, arguments: [binder, body], range };
  };

/** `rows.sum(x => x.total)` is short for `rows.map(x => x.total).sum()`. */
const aggregate =
  (name: string): Method =>
  (target, args, context) => {
    const list = args.length === 0 ? target : quantifier("map")(target, args, context);
    return { kind: "method", target: list, name, nameRange: range, arguments: [], range };
  };

export const METHODS: Readonly<Record<string, Method>> = {
  eq: infix("eq", "=="),
  ne: infix("ne", "!="),
  lt: infix("lt", "<"),
  le: infix("le", "<="),
  lte: infix("lte", "<="),
  gt: infix("gt", ">"),
  ge: infix("ge", ">="),
  gte: infix("gte", ">="),
  isNull: nullTest("isNull", "=="),
  notNull: nullTest("notNull", "!="),
  and: logical("and", "&&"),
  or: logical("or", "||"),
  not: (operand, args) => {
    only("not", args, 0);
    return { kind: "unary", operator: "!", operand, range };
  },
  /** `.in("a", "b")`, `.in(["a", "b"])`, `.in(actor.teams)`: one symbol alone is the list. */
  in: (left, args, context) => {
    const [first] = args;
    const whole = args.length === 1 && (Array.isArray(first) || context.isSymbol(first));
    return { kind: "binary", operator: "in", left, right: context.syntaxOf(whole ? first : [...args]), range };
  },
  plus: infix("plus", "+"),
  minus: infix("minus", "-"),
  times: infix("times", "*"),
  dividedBy: infix("dividedBy", "/"),
  mod: infix("mod", "%"),
  startsWith: method("startsWith", 1),
  endsWith: method("endsWith", 1),
  contains: method("contains", 1),
  matches: (target, args, context) => {
    only("matches", args, 1);
    const [pattern] = args;
    // A RegExp's flags would be lost: its source alone is taken only where it has none.
    if (pattern instanceof RegExp && pattern.flags.replace("u", "") !== "") {
      return refuse("EJS2015", `.matches() takes a pattern without flags, ${pattern} has some.`);
    }
    const source = pattern instanceof RegExp ? pattern.source : pattern;
    return method("matches", 1)(target, [source], context);
  },
  lowerAscii: method("lowerAscii", 0),
  size: method("size", 0),
  exists: quantifier("exists"),
  all: quantifier("all"),
  filter: quantifier("filter"),
  map: quantifier("map"),
  ancestors: method("ancestors", 1),
  selfAndAncestors: method("selfAndAncestors", 1),
  sum: aggregate("sum"),
  min: aggregate("min"),
  max: aggregate("max"),
  /** `actor.can("invoice", "pay")` is `"Invoice.pay" in actor.permissions`; a permission's own name stands alone. */
  can: (target, args, context) => {
    const [first, second] = args;
    const words = args.length === 1 || args.length === 2 ? args.filter((arg) => typeof arg === "string") : [];
    if (words.length === 0 || words.length !== args.length) {
      return refuse(
        "EJS2015",
        ".can() takes the names of an entity and of its command or action, or a permission.",
        'Write .can("Invoice", "pay") or .can("reports.export").',
      );
    }
    const entity = `${String(first).charAt(0).toUpperCase()}${String(first).slice(1)}`;
    const name = second === undefined ? first : `${entity}.${String(second)}`;
    const permissions: Syntax = { kind: "member", target, name: "permissions", nameRange: range, range };
    return { kind: "binary", operator: "in", left: context.syntaxOf(name), right: permissions, range };
  },
  /** `actor.hasRole("billing")` is `"billing" in actor.roles`. */
  hasRole: (target, args, context) => {
    only("hasRole", args, 1);
    const roles: Syntax = { kind: "member", target, name: "roles", nameRange: range, range };
    return { kind: "binary", operator: "in", left: context.syntaxOf(args[0]), right: roles, range };
  },
};
