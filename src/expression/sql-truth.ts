/**
 * The truth of a condition as SQL: T(e, true) is true exactly where e is true,
 * T(e, false) exactly where e is false; everywhere else the result is false or null.
 */
import { and, branch, caseOf, exists, is, literal, not, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CompareCore, Comparison, ConditionalCore, Core, QuantifierCore, VirtualCore } from "./core.ts";
import { presenceColumn, type SqlContext, selectTarget } from "./sql-context.ts";
import { selectRows } from "./sql-rows.ts";
import { nullTestOperand, printCompare } from "./sql-value.ts";
import { walk } from "./walk.ts";

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};

export function printTruth(core: Core, want: boolean, context: SqlContext): SqlExpression {
  const { truth } = context;
  switch (core.kind) {
    case "literal":
      return literal(core.value === want);
    case "not":
      return truth(core.operand, !want);
    case "and":
    case "or": {
      const terms = core.operands.map((operand) => truth(operand, want));
      return (core.kind === "and") === want ? and(...terms) : or(...terms);
    }
    case "compare":
      return printComparison(core, want, context);
    case "null-test":
      return is(nullTestOperand(core.operand, context), core.negated === want ? "not null" : "null");
    case "conditional":
      return printConditional(core, want, context);
    case "exists":
    case "all":
      return printQuantifier(core, want, context);
    case "virtual":
      return printVirtual(core, want, context);
    default:
      return want ? context.value(core) : not(context.value(core));
  }
}

function printComparison(core: CompareCore, want: boolean, context: SqlContext): SqlExpression {
  const [side, other] = core.right.kind === "literal" ? [core.left, core.right] : [core.right, core.left];
  if (other.kind === "literal" && typeof other.value === "boolean") {
    // x == true is x.
    return context.truth(side, (other.value === (core.operator === "==")) === want);
  }
  return printCompare(core, want ? core.operator : OPPOSITE[core.operator], context);
}

function printConditional(core: ConditionalCore, want: boolean, context: SqlContext): SqlExpression {
  const { condition, then, otherwise } = core;
  for (const node of walk(condition)) {
    if (node.kind !== "conditional" && node.kind !== "exists" && node.kind !== "all") continue;
    // The condition is printed once: a chain of them would double with each link.
    return caseOf(context.value(condition), [
      branch(literal(true), context.truth(then, want)),
      branch(literal(false), context.truth(otherwise, want)),
    ]);
  }
  return or(
    and(context.truth(condition, true), context.truth(then, want)),
    and(context.truth(condition, false), context.truth(otherwise, want)),
  );
}

function printQuantifier(core: QuantifierCore, want: boolean, context: SqlContext): SqlExpression {
  // exists is true, and all is false, by one row; the other answers need every row to say so.
  const byOneRow = (core.kind === "exists") === want;
  const { predicate } = core;
  const rows = selectRows(
    core.rows,
    (alias) => {
      context.aliases.bind(core.binding, alias);
      const value = literal(1);
      if (byOneRow) return { value, where: context.truth(predicate, want) };
      if (!predicate.nullable) return { value, where: context.truth(predicate, !want) };
      return { value, where: is(context.truth(predicate, want), "not true") };
    },
    context,
  );
  return byOneRow ? exists(rows) : not(exists(rows));
}

function printVirtual(core: VirtualCore, want: boolean, context: SqlContext): SqlExpression {
  const { target } = core;
  const body = (alias: string): SqlExpression => {
    context.aliases.bind(core.binding, alias);
    return context.truth(core.body, want);
  };
  if (target.kind === "one") {
    return exists(selectTarget(target, (alias) => ({ value: literal(1), where: body(alias) }), context));
  }
  const condition = body(context.aliases.of(target));
  return target.nullable ? and(is(presenceColumn(target, context), "not null"), condition) : condition;
}
