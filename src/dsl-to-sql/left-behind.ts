/**
 * What an update may leave behind, of the entity's own row: asked where something other than that row is written, whose
 * policies then do not ask it.
 */
import { is, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CompiledRules, EntityRules } from "./compile-rules.ts";

export interface LeftBehind {
  /** All of them must hold: any allow's check, and none of the denies'. */
  readonly conditions: readonly SqlExpression[];
  readonly dependsOn: readonly string[];
}

/** Whether some rule says of what is left behind something else than of what is touched. */
export const saysWhatIsLeft = ({ allows, denies }: CompiledRules): boolean =>
  [...allows, ...denies].some(({ using, check }) => using !== check);

/** Undefined where whoever may touch a row may leave it as it is. */
export function updateLeftBehind({ commands }: EntityRules): LeftBehind | undefined {
  const rules = commands.get("update");
  if (rules === undefined || !saysWhatIsLeft(rules)) return undefined;
  const { allows, denies } = rules;
  const checks = (of: CompiledRules["allows"]): SqlExpression => or(...of.map(({ check }) => check.sql));
  return {
    conditions: [checks(allows), ...(denies.length === 0 ? [] : [is(checks(denies), "not true")])],
    dependsOn: [...new Set([...allows, ...denies].flatMap(({ check }) => check.dependsOn))].sort(),
  };
}
