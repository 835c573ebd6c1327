/** The tables that a definition's entities have in the newest build. */
import type { Entity, Workflow } from "../model/index.ts";
import { printName } from "../sql-ast/print-expression.ts";
import { quoteIdentifier } from "../sql-ast/quote.ts";
import type { Build } from "./build.ts";
import { workflowError } from "./workflow-error.ts";

/** A row of an entity's table made of JSON whose keys are column names. */
export function populated(build: Build, entity: Entity, json: string, alias: string): string {
  return `jsonb_populate_record(null::${printName(tableOf(build, entity))}, ${json}) as ${quoteIdentifier(alias)}`;
}

export const tableOf = (build: Build, entity: Entity) => ({ schema: build.system.schema, name: entity.table });

export function entityOf(build: Build, workflow: Workflow, name: string): Entity {
  const entity = build.system.entities.find((candidate) => candidate.name === name);
  if (entity === undefined) {
    throw workflowError("EJS6005", `Workflow ${workflow.name}: the model has no entity ${name} any more.`);
  }
  return entity;
}
