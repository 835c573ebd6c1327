/**
 * What is said where a rule says no, as SQL: a text, or null where nothing says no. Whether something is allowed is asked
 * nowhere else, so that an answer and its reason cannot differ.
 */
import { branch, caseWhen, is, literal, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CompiledPart, CompiledRule, CompiledRules } from "./compile-rules.ts";

/** A condition that must be true, and what is said where it is not. */
export interface Demand {
  readonly condition: SqlExpression;
  readonly reason: SqlExpression;
}

/** The reason of the first demand that is not fulfilled. */
export function firstRefusal(demands: readonly Demand[]): SqlExpression {
  if (demands.length === 0) return literal(null, "text");
  return caseWhen(demands.map(({ condition, reason }) => branch(is(condition, "not true"), reason)));
}

/** Any rule that allows, and none that denies. Unknown denies nothing. */
export function demandsOfRules(
  what: string,
  { allows, denies }: CompiledRules,
  part: (rule: CompiledRule) => CompiledPart = ({ using }) => using,
): Demand[] {
  const names = allows.map(({ sentence }) => sentence).join(", ") || "nobody";
  return [
    { condition: or(...allows.map((rule) => part(rule).sql)), reason: literal(`${what} is for: ${names}`) },
    ...denies.map((rule) => ({
      condition: is(part(rule).sql, "not true"),
      reason: literal(`${what} is denied: ${rule.sentence}`),
    })),
  ];
}
