/** Stage 7: the indexes that a model declares, and those that foreign keys and policies need. */
import { suggestion } from "../../errors/suggestion.ts";
import { type Entity, objectName, shortHash } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { IndexDeclaration } from "../index-declaration.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { columnOf, withTenant } from "./constraints.ts";
import { order, shown } from "./report.ts";

/** A column that a policy names: whose, which, and the policy's sentence. */
export interface PolicyColumn {
  readonly entity: string;
  readonly column: string;
  readonly policy: string;
}

interface IndexOptions {
  readonly where?: string;
  readonly inferred?: string;
}

/** Fields with `.index()`. */
export function addFieldIndexes({ drafts }: BuildContext): void {
  for (const { entity, declared } of drafts.values()) {
    for (const { field, declaration } of declared.values()) {
      const column = columnOf(field);
      if (declaration.index && column !== undefined) addIndex(entity, withTenant(entity, [column]), {});
    }
  }
}

/** `indexes: [index("customer", "dueAt")]`; `where` writes the condition of a partial one. */
export function addDeclaredIndexes(
  draft: EntityDraft,
  { report }: BuildContext,
  where: (declaration: IndexDeclaration) => string | undefined,
): void {
  const { entity, declaration, broken } = draft;
  const { indexes } = declaration.options;
  if (indexes === undefined) return;
  if (!Array.isArray(indexes)) {
    const hint = 'indexes: [index("customer", "dueAt")]';
    report.error("EJS2106", `${entity.name}: "indexes" must be a list, not ${shown(indexes)}.`, {
      site: declaration.site,
      word: "indexes",
      hint,
    });
    return;
  }
  for (const value of indexes) {
    const index = declarationOf<IndexDeclaration>(value, "index");
    if (index === undefined) {
      const message = `${entity.name}: ${shown(value)} is no index.`;
      report.error("EJS2106", message, { site: declaration.site, word: "indexes", hint: 'index("customer")' });
      continue;
    }
    const columns = index.fields.map((name) => {
      const field = entity.fields.find((candidate) => candidate.name === name);
      const column = field && columnOf(field);
      if (column === undefined && !broken.has(name)) {
        const stored = entity.fields.filter((candidate) => columnOf(candidate) !== undefined);
        const hint = suggestion(name, names(stored), `Stored fields of ${entity.name}`);
        const problem =
          field === undefined
            ? `${entity.name} has no field ${shown(name)}`
            : `${entity.name}.${name} has no column: it cannot stand in an index`;
        report.error("EJS2143", `${problem}.`, {
          site: index.site,
          word: name,
          hint,
        });
      }
      return column;
    });
    const condition = where(index);
    if (index.fields.length === 0) {
      report.error("EJS2106", `${entity.name}: an index names at least one field.`, {
        site: index.site,
        hint: 'index("customer")',
      });
    } else if (columns.every((column) => column !== undefined)) {
      addIndex(entity, withTenant(entity, columns), condition === undefined ? {} : { where: condition });
    }
  }
}

const names = (fields: readonly { readonly name: string }[]) => fields.map(({ name }) => name);

/** What foreign keys and policies need. Called when the declared ones are there, which may serve already. */
export function addInferredIndexes({ drafts }: BuildContext, policyColumns: readonly PolicyColumn[]): void {
  for (const { entity } of drafts.values()) {
    for (const { field, columns } of entity.foreignKeys) {
      addIndex(entity, columns, { inferred: `foreign key ${field}` });
    }
  }
  const sorted = [...policyColumns].sort((a, b) => order(a.column, b.column) || order(a.policy, b.policy));
  for (const { entity: name, column, policy } of sorted) {
    const entity = drafts.get(name)?.entity;
    if (entity !== undefined && isIndexable(entity, column) && !isServed(entity, [column])) {
      addIndex(entity, withTenant(entity, [column]), { inferred: `named by the policy "${policy}"` });
    }
  }
  for (const { entity } of drafts.values()) entity.indexes.sort((a, b) => order(a.name, b.name));
}

/** B-trees take no entries of more than 2.7 kB: an index that nobody asked for must not refuse a long text. */
function isIndexable(entity: Entity, column: string): boolean {
  const field = entity.fields.find((candidate) => columnOf(candidate) === column);
  if (field?.type.kind !== "scalar") return field !== undefined;
  if (field.type.scalar === "json" || field.type.scalar === "roles") return false;
  return field.type.scalar !== "text" || (field.type.max ?? Number.POSITIVE_INFINITY) <= 600;
}

function addIndex(entity: Entity, columns: readonly string[], { where, inferred }: IndexOptions): void {
  if (where === undefined && isServed(entity, columns)) return;
  // The tenant stands in nearly every index: the name tells the columns that make the difference.
  const named = columns.length > 1 ? columns.filter((column) => column !== "tenant_id") : columns;
  const plain = objectName(entity.table, ...named, "idx");
  const taken = entity.indexes.some((index) => index.name === plain);
  const distinguishing = shortHash(`${columns.join()} ${where ?? ""}`);
  entity.indexes.push({
    name: taken ? objectName(entity.table, ...named, distinguishing, "idx") : plain,
    columns: [...columns],
    ...(where === undefined ? {} : { where }),
    ...(inferred === undefined ? {} : { inferred }),
  });
}

/** Whether an index is there whose first columns are these, in this order. */
function isServed(entity: Entity, columns: readonly string[]): boolean {
  const begins = (own: readonly string[]) => columns.every((column, i) => own[i] === column);
  return (
    begins(entity.primaryKey.columns) ||
    entity.uniques.some((unique) => begins(unique.columns)) ||
    entity.indexes.some((index) => index.where === undefined && begins(index.columns))
  );
}
