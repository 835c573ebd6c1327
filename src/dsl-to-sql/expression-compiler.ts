/**
 * The one place where the compiler checks expressions and turns them into SQL.
 * What is wrong is collected, so that a compile reports everything at once.
 */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Environment } from "../expression/catalog.ts";
import { check } from "../expression/check.ts";
import type { Core } from "../expression/core.ts";
import { toCheck, toCondition, toSql } from "../expression/to-sql.ts";
import type { ExpressionType } from "../expression/types.ts";
import { expressionType, type Field } from "../model/index.ts";
import type { SqlExpression } from "../sql-ast/expressions.ts";
import type { ModelIndex } from "./model-index.ts";

const BOOL: ExpressionType = { kind: "bool" };

export class ExpressionCompiler {
  readonly model: ModelIndex;
  readonly diagnostics: Diagnostic[] = [];

  constructor(model: ModelIndex) {
    this.model = model;
  }

  /** Checks an expression; undefined where it is wrong. */
  check(text: string, environment: Environment, source: string, expected?: ExpressionType): Core | undefined {
    const result = check(text, environment, expected);
    if (result.ok) return result.core;
    const where = this.model.where(source);
    for (const error of result.errors) {
      const excerpt = text.slice(error.range.start, error.range.end);
      this.diagnostics.push({
        code: error.code,
        severity: "error",
        message: `${source}: ${error.message}${excerpt === "" ? "" : ` (${excerpt})`}`,
        ...(where === undefined ? {} : { where }),
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    }
    return undefined;
  }

  /** The value of an expression, of a field's type. */
  value(text: string, environment: Environment, source: string, field: Field): SqlExpression | undefined {
    const core = this.check(text, environment, source, fieldType(field));
    return core && toSql(core);
  }

  /** A condition as a typed tree: policies, guards. */
  condition(text: string, environment: Environment, source: string): Core | undefined {
    return this.check(text, environment, source, BOOL);
  }

  /** Unknown is false: the condition of an index. */
  truth(text: string, environment: Environment, source: string): SqlExpression | undefined {
    const core = this.condition(text, environment, source);
    return core && toCondition(core);
  }

  /** Unknown passes: CHECK constraints. */
  rule(text: string, environment: Environment, source: string): SqlExpression | undefined {
    const core = this.condition(text, environment, source);
    return core && toCheck(core);
  }
}

/** A reference is its id. */
export const fieldType = ({ type }: Field): ExpressionType =>
  type.kind === "one" ? { kind: "uuid" } : expressionType(type);
