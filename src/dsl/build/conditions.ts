/** Conditions of policies, actions and guards: a rule, or a callback. */
import type { Core, Environment } from "../../expression/index.ts";
import type { Condition } from "../policy.ts";
import type { CallbackScope, Callbacks } from "./callbacks.ts";
import type { Expressions } from "./expressions.ts";
import type { Wrap } from "./policy-window.ts";
import { type Report, shown } from "./report.ts";

/** What the callback of a condition over a row gets. */
export const CONDITION_NAMES = ["row", "actor", "request", "flags"] as const;

/** A condition as text, with the name of its rule where it has one. */
export interface WrittenCondition {
  readonly text: string;
  readonly rule: string | undefined;
  readonly core: Core | undefined;
}

export interface ConditionTools {
  readonly report: Report;
  readonly callbacks: Callbacks;
  readonly expressions: Expressions;
}

/** Writes and checks a condition; undefined after a report. `wrap` puts others before it. */
export function writeCondition(
  condition: Condition,
  scope: readonly string[] | CallbackScope,
  environment: Environment,
  what: string,
  { report, callbacks, expressions }: ConditionTools,
  wrap?: Wrap,
): WrittenCondition | undefined {
  if ("invalid" in condition) {
    const message = `${what}: ${shown(condition.invalid)} is no condition.`;
    report.error("EJS2132", message, { site: condition.site });
    return undefined;
  }
  const rule = "rule" in condition ? condition.rule : undefined;
  const given = "rule" in condition ? condition.rule : condition;
  const written = callbacks.expression(given, isNames(scope) ? { names: scope } : scope, what, wrap);
  if (written === undefined) return undefined;
  return { text: written.text, rule: rule?.name, core: expressions.check(written, environment, { kind: "bool" }) };
}

const isNames = (scope: readonly string[] | CallbackScope): scope is readonly string[] => Array.isArray(scope);
