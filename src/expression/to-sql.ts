/**
 * Typed core → SQL tree. Two modes: the value of an expression, and the truth
 * of a condition. In truth mode T(e, true) is true exactly where e is true and
 * T(e, false) exactly where e is false, so that negation reaches only atoms,
 * indexes stay usable and nothing is wrapped in `coalesce` or `is true`.
 */
import type { SqlExpression } from "../sql-ast/expressions.ts";
import type { Core } from "./core.ts";
import { Aliases, type SqlContext } from "./sql-context.ts";
import { printTruth } from "./sql-truth.ts";
import { printValue } from "./sql-value.ts";

export interface SqlOptions {
  /** Aliases of the statement around the expression, beyond those that it mentions itself. */
  readonly reserved?: Iterable<string>;
}

/**
 * The value of an expression. A row is its own id.
 *
 * @example printExpression(toSql(core)) // ("invoice"."total" > 100)
 */
export const toSql = (core: Core, options: SqlOptions = {}): SqlExpression => contextOf(core, options).value(core);

/**
 * A condition that is true exactly where the expression is `want`, and false or
 * null everywhere else: what a policy, a guard or a `where` needs. A CHECK lets
 * unknown pass: it takes `toCheck()`.
 */
export const toCondition = (core: Core, want = true, options: SqlOptions = {}): SqlExpression =>
  contextOf(core, options).truth(core, want);

/** A condition that is false exactly where the expression is false; unknown is null, which a CHECK lets pass. */
export const toCheck = (core: Core, options: SqlOptions = {}): SqlExpression => toSql(core, options);

function contextOf(core: Core, { reserved = [] }: SqlOptions): SqlContext {
  const context: SqlContext = {
    aliases: new Aliases(core, reserved),
    value: (node) => printValue(node, context),
    truth: (node, want) => printTruth(node, want, context),
  };
  return context;
}
