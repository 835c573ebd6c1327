/** Warns of policies that PostgreSQL could only answer by reading whole tables. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Entity } from "../model/index.ts";
import type { EntityPolicies } from "./compile-policies.ts";
import { type ModelIndex, tenantColumn } from "./model-index.ts";

/** One warning per column that a policy looks rows up by and that no index begins with, after the tenant's. */
export function missingIndexes(entity: Entity, policies: EntityPolicies, model: ModelIndex): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const { lookups, names, sources } of policies.byCommand.values()) {
    for (const { entity: name, column } of lookups) {
      const owner = model.entity(name);
      if (isServed(owner, column) || found.has(`${name}.${column}`)) continue;
      const columns = [tenantColumn(owner), column].filter((part) => part !== undefined).join(", ");
      const source = sources[0] ?? entity.name;
      const where = model.where(source);
      found.set(`${name}.${column}`, {
        code: "EJS3002",
        severity: "warning",
        message: `${entity.name}: the policy "${names.join('", "')}" looks up rows of ${name} by ${column}, and no index begins with it.`,
        ...(where === undefined ? {} : { where }),
        hint: `Add an index on ${owner.table} (${columns}).`,
      });
    }
  }
  return [...found.values()];
}

function isServed(entity: Entity, column: string): boolean {
  const tenant = tenantColumn(entity);
  const serving = [
    entity.primaryKey.columns,
    ...entity.uniques.map((unique) => unique.columns),
    ...entity.indexes.filter((index) => index.where === undefined).map((index) => index.columns),
  ];
  return serving.some((columns) => columns[0] === column || (columns[0] === tenant && columns[1] === column));
}
