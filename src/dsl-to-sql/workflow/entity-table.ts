/** The tables that a definition's entities have in the newest build. */
import { workflowError } from "../../errors/workflow-error.ts";
import type { Catalog } from "../../expression/index.ts";
import type { Entity, System, Workflow } from "../../model/index.ts";
import { call, type FromItem, fromFunction, nullRow, type SqlExpression } from "../../sql-ast/expressions.ts";
import { printName } from "../../sql-ast/print-expression.ts";
import { quoteIdentifier } from "../../sql-ast/quote.ts";

/** What the expressions of a definition are compiled against: the newest build, whichever build the definition is of. */
export interface StepModel {
  readonly system: System;
  readonly catalog: Catalog;
}

/** A row of an entity's table made of JSON whose keys are column names. */
export function populatedRow(build: StepModel, entity: Entity, json: SqlExpression, alias: string): FromItem {
  return fromFunction(call("jsonb_populate_record", nullRow(tableOf(build, entity)), json), alias);
}

/** The same as text; `json` is SQL. */
export function populated(build: StepModel, entity: Entity, json: string, alias: string): string {
  return `jsonb_populate_record(null::${printName(tableOf(build, entity))}, ${json}) as ${quoteIdentifier(alias)}`;
}

export const tableOf = (build: StepModel, entity: Entity) => ({ schema: build.system.schema, name: entity.table });

export function entityOf(build: StepModel, workflow: Workflow, name: string): Entity {
  const entity = build.system.entities.find((candidate) => candidate.name === name);
  if (entity === undefined) {
    throw workflowError("EJS6005", `Workflow ${workflow.name}: the model has no entity ${name} any more.`);
  }
  return entity;
}
