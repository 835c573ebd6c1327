/**
 * A condition taken apart for an explanation: what it is the conjunction of, in
 * the order of the text, and of each disjunction its branches. As plain SQL over
 * the true rows, without helper functions: enginejs_reader, who asks, sees them.
 */
import type { Core } from "../expression/core.ts";
import { toSql } from "../expression/to-sql.ts";
import { children } from "../expression/walk.ts";
import type { SqlExpression } from "../sql-ast/expressions.ts";
import { isOwnRow } from "./turn-around.ts";

/** A part of a condition that must be true by itself, or one of those of which one must. */
export interface ConditionTerm {
  /** As the model says it. */
  readonly text: string;
  /** True, false or unknown. The row's columns stand under the alias of its table; what an action is given is unknown. */
  readonly value: SqlExpression;
  /** The same where no row is given: what depends on one is unknown. The very same node where nothing does. */
  readonly withoutRow: SqlExpression;
  /** The branches of a disjunction, none elsewhere. */
  readonly branches: readonly ConditionTerm[];
}

/**
 * @param text what `core` was checked from: its ranges point into it
 * @param prepare what the compiler does with a condition before it becomes SQL
 */
export function conditionTerms(core: Core, text: string, prepare: (core: Core) => Core): ConditionTerm[] {
  const term = (part: Core): ConditionTerm => {
    const value = toSql(prepare(unknownWhere(part, isInput)));
    return {
      text: text.slice(part.range.start, part.range.end),
      value,
      withoutRow: mentions(part, isOwnRow)
        ? toSql(prepare(unknownWhere(part, (node) => isInput(node) || isOwnRow(node))))
        : value,
      branches: part.kind === "or" ? partsOf(part, "or").map(term) : [],
    };
  };
  return partsOf(core, "and").map(term);
}

const partsOf = (core: Core, kind: "and" | "or"): readonly Core[] =>
  core.kind === kind ? core.operands.flatMap((operand) => partsOf(operand, kind)) : [core];

const isInput = (core: Core): boolean => core.kind === "value" && core.path[0] === "input";

/** Whether a condition asks for what an action is given: it cannot be answered beforehand. */
export const mentionsInput = (core: Core): boolean => mentions(core, isInput);

const mentions = (core: Core, wanted: (node: Core) => boolean): boolean =>
  wanted(core) || children(core).some((child) => mentions(child, wanted));

/** A copy in which every atom that names something unknown is unknown itself. */
function unknownWhere(core: Core, wanted: (node: Core) => boolean): Core {
  if (!mentions(core, wanted)) return core;
  if (core.kind === "and" || core.kind === "or") {
    return { ...core, nullable: true, operands: core.operands.map((operand) => unknownWhere(operand, wanted)) };
  }
  if (core.kind === "not") return { ...core, nullable: true, operand: unknownWhere(core.operand, wanted) };
  return { kind: "literal", value: null, type: { kind: "bool" }, nullable: true, range: core.range };
}
