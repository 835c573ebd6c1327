/** The claims that a piece of SQL reads. */
import type { SqlExpression } from "../sql-ast/expressions.ts";
import type { ModelIndex } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import { callsOf } from "./sql-usage.ts";

/** The ids of the statements that make their functions. */
export function claimsOf(sql: SqlExpression, model: ModelIndex): string[] {
  const called = new Set(callsOf(sql, model.system.schema).map(({ name }) => name));
  return (model.system.actor?.claims ?? [])
    .map((claim) => model.claimFunction(claim))
    .filter(({ name }) => called.has(name))
    .map((name) => objectIdentity({ type: "function", name, parameters: [] }));
}
