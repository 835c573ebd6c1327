/**
 * IR → statements. The whole pipeline:
 *
 *     IR ─ expressions checked ─▶ statements as nodes ─▶ collisions told ─▶ ordered by their edges
 */
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { canonical, type SourceMap, type System } from "../model/index.ts";
import { callCollisions } from "./call-collisions.ts";
import { collisions } from "./collisions.ts";
import { compileActions } from "./compile-actions.ts";
import { compileAffordances } from "./compile-affordances.ts";
import { compileApprovals } from "./compile-approvals.ts";
import { compileClaims } from "./compile-claims.ts";
import { compileComments } from "./compile-comments.ts";
import { compileExplain, compileExplainRules } from "./compile-explain.ts";
import { compileFieldRules } from "./compile-field-rules.ts";
import { compileGrants } from "./compile-grants.ts";
import { compileMayStart } from "./compile-may-start.ts";
import { compileMembership } from "./compile-membership.ts";
import { compileMoments } from "./compile-moments.ts";
import { compilePolicies } from "./compile-policies.ts";
import { compileProcessFunctions } from "./compile-process-functions.ts";
import { compileRowRules } from "./compile-row-rules.ts";
import { compileSchema } from "./compile-schema.ts";
import { compileSideReaders } from "./compile-side-readers.ts";
import { compileSideTables } from "./compile-side-tables.ts";
import { compileSideTriggers } from "./compile-side-triggers.ts";
import { compileTable } from "./compile-table.ts";
import { compileTriggers } from "./compile-triggers.ts";
import { compileVirtualFields } from "./compile-virtual-fields.ts";
import { compileWriteFunctions } from "./compile-write-functions.ts";
import { ConditionCompiler } from "./condition-compiler.ts";
import { ExpressionCompiler } from "./expression-compiler.ts";
import { HelperFunctions } from "./helper-functions.ts";
import { claimsWithoutIndex, missingIndexes } from "./missing-indexes.ts";
import { ModelIndex } from "./model-index.ts";
import { orderStatements } from "./order-statements.ts";
import type { CompiledSystem } from "./statement.ts";
import { StatementList } from "./statement-list.ts";

/**
 * Compiles a system into the statements that make it in an empty schema, in an order in which they can run.
 *
 * @param given the IR, in whatever order its keys are
 * @param sourceMap where the nodes of the IR were written: comments and messages name it
 * @throws EngineError with everything that is wrong
 * @example compile(system, sourceMap).statements.map((statement) => statement.sql)
 */
export function compile(given: System, sourceMap: SourceMap = {}): CompiledSystem {
  // Values stand in workflows by name, and are printed in the order of their names.
  const system = { ...given, workflows: canonical(given.workflows) };
  const model = new ModelIndex(system, sourceMap);
  const list = new StatementList(model);
  const expressions = new ExpressionCompiler(model);
  const conditions = new ConditionCompiler(model, new HelperFunctions(list));
  const parts = { list, expressions, conditions };
  const warnings: Diagnostic[] = [];

  compileSchema(list);
  warnings.push(...claimsWithoutIndex(compileClaims(list, expressions), model));
  for (const entity of model.entities) {
    compileTable(entity, list, expressions);
    const policies = compilePolicies(entity, parts);
    warnings.push(...missingIndexes(entity, policies, model));
    compileVirtualFields(entity, list, expressions);
    compileSideTables(entity, policies, parts);
    compileSideReaders(entity, list);
    compileSideTriggers(entity, list);
    compileFieldRules(entity, parts);
    compileWriteFunctions(entity, policies, parts);
    compileActions(entity, policies, parts);
    const rowRules = compileRowRules(entity, policies, parts);
    compileAffordances(entity, rowRules, list);
    compileExplain(entity, rowRules, list);
    compileTriggers(entity, list);
    compileMoments(entity, list);
    compileGrants(entity, list);
    compileComments(entity, list);
  }
  compileApprovals(list, expressions);
  compileMayStart(list, expressions);
  compileProcessFunctions(list);
  compileMembership(list);
  compileExplainRules(list);

  const errors = [...expressions.diagnostics, ...collisions(list), ...callCollisions(model)];
  if (errors.length > 0) throw new EngineError(errors);
  return { system, statements: orderStatements(list.statements), places: sourceMap, diagnostics: warnings };
}
