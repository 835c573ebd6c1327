/** What people read in psql: descriptions, the sentences of rules, why an index is there. */
import type { Entity } from "../model/index.ts";
import { isStored } from "./model-index.ts";
import type { StatementList } from "./statement-list.ts";

export function compileComments(entity: Entity, list: StatementList): void {
  const { model } = list;
  const table = model.table(entity);
  const common = { entity: entity.name };
  if (entity.description !== undefined) {
    list.comment({ on: { type: "table", name: table }, text: [entity.description], source: entity.name, ...common });
  }
  for (const field of entity.fields) {
    if (!isStored(field) || field.description === undefined) continue;
    list.comment({
      on: { type: "column", table, name: field.storage.column },
      text: [field.description],
      source: `${entity.name}.fields.${field.name}`,
      ...common,
    });
  }
  for (const check of entity.checks) {
    list.comment({
      on: { type: "constraint", table, name: check.name },
      text: [check.message],
      source: model.ruleSource(entity, check.name),
      ...common,
    });
  }
  for (const index of entity.indexes) {
    if (index.inferred === undefined) continue;
    list.comment({ on: { type: "index", name: model.name(index.name) }, text: [index.inferred], ...common });
  }
}
