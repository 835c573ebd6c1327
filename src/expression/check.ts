/**
 * Untyped tree → typed core. Names are checked against the environment,
 * constants take their type from what they stand beside, and all errors are
 * reported, each with its range.
 */
import type { Environment, Variable } from "./catalog.ts";
import { checkCall, checkMethod } from "./check-calls.ts";
import { type CheckContext, type Checked, reporter, type Scope } from "./check-context.ts";
import { checkMember, checkName, entityOf, isReadable } from "./check-names.ts";
import { checkBinary, checkConditional, checkList, checkLogical, checkUnary } from "./check-operators.ts";
import { coerce, expectType } from "./coerce.ts";
import { type Binding, type Core, isRowLike } from "./core.ts";
import { parseDecimal } from "./decimal.ts";
import { type ExpressionError, expressionError, type Range } from "./expression-error.ts";
import { LIMITS } from "./limits.ts";
import { parse } from "./parse.ts";
import { print } from "./print.ts";
import type { Syntax } from "./syntax.ts";
import { describeType } from "./type-names.ts";
import type { ExpressionType } from "./types.ts";

export type CheckResult =
  | { readonly ok: true; readonly core: Core }
  | { readonly ok: false; readonly errors: readonly ExpressionError[] };

/**
 * Parses and checks an expression. With `expected`, the result must have that
 * type, and constants and ints are given it.
 *
 * @example check("row.total > 100", environment, { kind: "bool" })
 */
export function check(text: string, environment: Environment, expected?: ExpressionType): CheckResult {
  const parsed = parse(text);
  return parsed.ok ? checkSyntax(parsed.syntax, environment, expected) : parsed;
}

/** Checks an expression that is already parsed. */
function checkSyntax(syntax: Syntax, environment: Environment, expected?: ExpressionType): CheckResult {
  const checker = new Checker(environment);
  const core = checker.root(syntax, expected);
  if (checker.errors.length === 0 && core !== undefined) return { ok: true, core };
  return { ok: false, errors: checker.errors.toSorted((a, b) => a.range.start - b.range.start) };
}

class ExpansionTooLarge extends Error {}

type VirtualBody = { readonly body: Core; readonly binding: Binding; readonly nodes: number };

class Checker implements CheckContext {
  readonly environment: Environment;
  readonly errors: ExpressionError[] = [];
  report = reporter(this.errors);
  private bindings = 0;
  private nodes = 0;
  private readonly virtuals = new Map<string, VirtualBody>();
  /** The virtual fields that are being put in place right now, outermost first. */
  private readonly expanding: string[] = [];

  constructor(environment: Environment) {
    this.environment = environment;
  }

  root(syntax: Syntax, expected: ExpressionType | undefined): Checked {
    const { variables } = this.environment;
    const scope: Scope = { variables, bound: new Map(), quantifiers: 0, expandedQuantifiers: 0 };
    try {
      const core = this.check(syntax, scope);
      if (core === undefined) return undefined;
      if (expected !== undefined) return this.expect(syntax, core, expected);
      if (core.type.kind === "rows") return this.refuse(syntax, core);
      return core.kind === "one" && !isReadable(core, this) ? undefined : core;
    } catch (error) {
      if (!(error instanceof ExpansionTooLarge)) throw error;
      const message = `With its virtual fields put in place the expression has more than ${LIMITS.expandedNodes} parts.`;
      return this.report("EJS2006", message, syntax.range);
    }
  }

  private expect(syntax: Syntax, core: Core, expected: ExpressionType): Checked {
    const isRow = isRowLike(core) && expected.kind !== "row";
    return expectType(core, expected, this, isRow ? `Write ${print(syntax)}.id.` : undefined);
  }

  readonly check = (syntax: Syntax, scope: Scope): Checked => {
    this.count(1);
    switch (syntax.kind) {
      case "null":
        return { kind: "literal", value: null, type: { kind: "null" }, nullable: true, range: syntax.range };
      case "bool":
      case "int":
      case "string":
        return {
          kind: "literal",
          value: syntax.value,
          type: { kind: syntax.kind },
          nullable: false,
          range: syntax.range,
        };
      case "decimal": {
        const value = parseDecimal(syntax.text);
        if (value === undefined) return this.report("EJS2004", `${syntax.text} is not a decimal.`, syntax.range);
        return { kind: "literal", value, type: { kind: "decimal" }, nullable: false, range: syntax.range };
      }
      case "name":
        return checkName(syntax, scope, this);
      case "member":
        return checkMember(syntax, scope, this);
      case "call":
        return checkCall(syntax, scope, this);
      case "method":
        return checkMethod(syntax, scope, this);
      case "unary":
        return checkUnary(syntax, scope, this);
      case "binary":
        return checkBinary(syntax, scope, this);
      case "logical":
        return checkLogical(syntax, scope, this);
      case "conditional":
        return checkConditional(syntax, scope, this);
      case "list":
        return checkList(syntax, scope, this);
      default:
        return syntax satisfies never;
    }
  };

  readonly value = (syntax: Syntax, scope: Scope): Checked => {
    const core = this.check(syntax, scope);
    if (core === undefined || (core.type.kind !== "row" && core.type.kind !== "rows")) return core;
    return this.refuse(syntax, core);
  };

  private refuse(syntax: Syntax, core: Core): undefined {
    const text = print(syntax);
    const hint =
      core.type.kind === "row"
        ? `Name one of its fields: ${text}.id.`
        : `Write ${text}.exists(x, …), ${text}.size() or ${text}.map(x, …).sum().`;
    return this.report("EJS2021", `${text} is ${describeType(core.type)}, not a value.`, syntax.range, hint);
  }

  readonly freshBinding = (): Binding => ++this.bindings;

  readonly virtualBody = (
    entityName: string,
    name: string,
    scope: Scope,
    range: Range,
  ): { readonly body: Core; readonly binding: Binding } | undefined => {
    const label = `${entityName}.${name}`;
    if (this.expanding.includes(label)) {
      const circle = [...this.expanding.slice(this.expanding.indexOf(label)), label].join(" → ");
      return this.report("EJS2023", `${label} depends on itself: ${circle}.`, range);
    }
    const field = entityOf(entityName, this).fields.get(name);
    if (field?.kind !== "virtual") throw new RangeError(`${label} is not a virtual field`);
    // The nesting differs from place to place: a body is shared only where it is the same.
    const key = `${label} ${scope.expandedQuantifiers}`;
    const known = this.virtuals.get(key);
    if (known !== undefined) {
      this.count(known.nodes);
      return known;
    }
    const before = this.nodes;
    const binding = this.freshBinding();
    this.expanding.push(label);
    const outcome = this.checkBody(entityName, field, binding, scope);
    this.expanding.pop();
    if ("errors" in outcome) {
      const [first] = outcome.errors;
      const circle = outcome.errors.find((error) => error.code === "EJS2023");
      if (circle !== undefined) return this.report("EJS2023", circle.message, range);
      const message = `${label} cannot be used here, its own expression has an error: ${first?.message ?? ""}`;
      return this.report("EJS2024", message, range, `${label} is ${field.expression}`);
    }
    const body = { body: outcome.body, binding, nodes: this.nodes - before };
    this.virtuals.set(key, body);
    return body;
  };

  /** Checks a virtual field's expression: it sees `row` and, where there is one, the actor. */
  private checkBody(
    entity: string,
    field: { readonly expression: string; readonly type: ExpressionType },
    binding: Binding,
    outer: Scope,
  ): { body: Core } | { errors: readonly ExpressionError[] } {
    const parsed = parse(field.expression);
    if (!parsed.ok) return parsed;
    const { actor } = this.environment.variables;
    const variables: Record<string, Variable> = actor?.kind === "record" ? { actor } : {};
    const bound = new Map([["row", { entity, binding }]]);
    const scope: Scope = { variables, bound, quantifiers: 0, expandedQuantifiers: outer.expandedQuantifiers };
    // Errors inside point into another text: they are gathered apart.
    const errors: ExpressionError[] = [];
    const { report } = this;
    this.report = reporter(errors);
    let core: Checked;
    let body: ReturnType<typeof coerce>;
    try {
      core = this.value(parsed.syntax, scope);
      body = core && coerce(core, field.type, this);
    } finally {
      this.report = report;
    }
    if (errors.length > 0) return { errors };
    if (body === undefined || body === "mismatch") {
      const found = core === undefined ? "nothing" : describeType(core.type);
      const message = `Expected ${describeType(field.type)}, found ${found}.`;
      return { errors: [expressionError("EJS2010", message, parsed.syntax.range)] };
    }
    return { body };
  }

  private count(nodes: number): void {
    this.nodes += nodes;
    if (this.nodes > LIMITS.expandedNodes) throw new ExpansionTooLarge();
  }
}
