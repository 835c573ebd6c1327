/** What the parts of the checker share. */
import type { Environment, Variable } from "./catalog.ts";
import type { Binding, Core } from "./core.ts";
import { type ExpressionError, type ExpressionErrorCode, expressionError, type Range } from "./expression-error.ts";
import type { CallSyntax, MethodSyntax, Syntax } from "./syntax.ts";
import type { ExpressionType } from "./types.ts";

/** A row that a quantifier or a virtual field has bound. */
export interface BoundRow {
  readonly entity: string;
  readonly binding: Binding;
  /** Of an item of a list, which is no entity's row. */
  readonly item?: ExpressionType;
}

/** The names that a part of an expression sees. */
export interface Scope {
  readonly variables: Readonly<Record<string, Variable>>;
  readonly bound: ReadonlyMap<string, BoundRow>;
  /** Quantifiers around this part in its own text, and in all texts put in place of virtual fields. */
  readonly quantifiers: number;
  readonly expandedQuantifiers: number;
}

/** `undefined` stands for a part whose error has been reported: nothing more is said about it. */
export type Checked = Core | undefined;

export interface CheckContext {
  readonly environment: Environment;
  /** Checks a part; may be a row, rows or null. */
  readonly check: (syntax: Syntax, scope: Scope) => Checked;
  /** Checks a part that has to be one value. */
  readonly value: (syntax: Syntax, scope: Scope) => Checked;
  readonly report: (code: ExpressionErrorCode, message: string, range: Range, hint?: string) => undefined;
  readonly freshBinding: () => Binding;
  /** Finds the body of a virtual field, checked once; reports at `range` where it has errors or leads back to itself. */
  readonly virtualBody: (
    entity: string,
    field: string,
    scope: Scope,
    range: Range,
  ) => { readonly body: Core; readonly binding: Binding } | undefined;
}

export const reporter =
  (errors: ExpressionError[]): CheckContext["report"] =>
  (code, message, range, hint) => {
    errors.push(expressionError(code, message, range, hint));
    return undefined;
  };

/** `"a", "b" or "c"`. */
export function listNames(names: Iterable<string>): string {
  const quoted = [...names].map((name) => JSON.stringify(name));
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** Says how a function or method is written, `form`, where it was given too much or too little. */
export function wrongArguments(syntax: CallSyntax | MethodSyntax, form: string, context: CheckContext): undefined {
  const count = syntax.arguments.length;
  const given = `${count === 0 ? "no arguments" : count === 1 ? "one argument" : `${count} arguments`} given`;
  return context.report("EJS2015", `${syntax.name}() is written ${form}; ${given}.`, syntax.range);
}
