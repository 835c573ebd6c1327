/**
 * Finds JavaScript operators over symbols in the source of a model's callback.
 * They run without any trap, type-check, and drop a side: a policy would fail
 * open. The source is JavaScript (types stripped).
 */
import { parseCallback } from "./callback-syntax.ts";
import { operationsOverSymbols } from "./symbol-flow.ts";

export interface UntrackedOperator {
  readonly code: "EJS2042";
  /** `&&`, `===`, `if`, `template literal` … */
  readonly operator: string;
  /** Offsets in the source text of the callback: of the operation as a whole. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string;
}

const INSTEAD: Readonly<Record<string, string>> = {
  "&&": "a.and(b)",
  "||": "a.or(b)",
  "??": "when(a.notNull(), a, b)",
  "!": "a.not()",
  "?:": "when(condition, a, b)",
  "===": "a.eq(b)",
  "==": "a.eq(b), or a.isNull()",
  "!==": "a.ne(b)",
  "!=": "a.ne(b), or a.notNull()",
  "<": "a.lt(b)",
  "<=": "a.le(b)",
  ">": "a.gt(b)",
  ">=": "a.ge(b)",
  "+": "a.plus(b)",
  "-": "a.minus(b)",
  "*": "a.times(b)",
  "/": "a.dividedBy(b)",
  "%": "a.mod(b)",
  in: "a.in(b)",
  if: "when(condition, a, b)",
  switch: "when(condition, a, b)",
  "template literal": 'a.plus("…")',
  loop: "rows.exists(x => …), rows.all(x => …) or rows.map(x => …)",
};

/**
 * Reports every operator, `if`, `switch`, loop and template literal whose operand
 * derives from the callback's parameters: directly, by destructuring, by local
 * variables, or by the parameters of callbacks given to them. What only mentions
 * values from outside the callback is left alone.
 *
 * @example findUntrackedOperators("({ row, actor }) => row.a.eq(1) || actor.hasRole('x')")
 * // [{ operator: "||", start: 20, end: 54, message: "…", hint: "Write a.or(b)." }]
 */
export function findUntrackedOperators(functionSource: string): readonly UntrackedOperator[] {
  const parsed = parseCallback(functionSource);
  if (parsed === undefined) return [];
  return operationsOverSymbols(parsed.node)
    .map(({ operator, node }) => report(operator, node.start - parsed.offset, node.end - parsed.offset))
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

const NAMED = new Set(["if", "switch", "loop", "template literal"]);

function report(operator: string, start: number, end: number): UntrackedOperator {
  const what = operator === "loop" ? "A loop" : operator === "template literal" ? "A template literal" : operator;
  const message = NAMED.has(operator)
    ? `${what} over a symbol runs while the model is built and decides by the symbol, not by the row.`
    : `"${operator}" on a symbol runs while the model is built: it is not part of the expression.`;
  const instead = Object.hasOwn(INSTEAD, operator) ? INSTEAD[operator] : "a method of the symbol";
  return { code: "EJS2042", operator, start, end, message, hint: `Write ${instead}.` };
}
