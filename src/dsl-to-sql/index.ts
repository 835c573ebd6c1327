export { compile } from "./compile.ts";
export { type ExpectedObject, expectedObjects } from "./expected-objects.ts";
export { type ExplainedStatement, type Explanation, explainObject } from "./explain-object.ts";
export { formatPlan } from "./format-plan.ts";
export { orderStatements } from "./order-statements.ts";
export { type Plan, type PlannedChange, type PlanOptions, plan } from "./plan.ts";
export type { PlanStep } from "./plan-steps.ts";
export { type SqlFile, sqlFiles } from "./sql-files.ts";
export type { CompiledSystem, Hazard, Lock, Phase, Statement, StatementKind, StatementRole } from "./statement.ts";
