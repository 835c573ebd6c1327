/** Stage 3: keys, foreign keys, and for each many side the reference that it is the far side of. */
import { suggestion } from "../../errors/suggestion.ts";
import { type Entity, type Field, objectName } from "../../model/index.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { shown } from "./report.ts";

export function resolveRelations(context: BuildContext): void {
  for (const draft of context.drafts.values()) {
    const { entity } = draft;
    entity.primaryKey = {
      name: objectName(entity.table, "pkey"),
      columns: entity.tenant ? ["tenant_id", "id"] : ["id"],
    };
    for (const field of entity.fields) {
      if (field.type.kind === "one") addForeignKey(draft, field, field.type.entity, context);
    }
  }
  for (const draft of context.drafts.values()) {
    // Backwards: fields that cannot be resolved are taken out on the way.
    for (const field of [...draft.entity.fields]) {
      if (field.type.kind === "many" && !resolveVia(draft, field, context)) {
        draft.broken.add(field.name);
        draft.entity.fields.splice(draft.entity.fields.indexOf(field), 1);
      }
    }
  }
}

function addForeignKey(draft: EntityDraft, field: Field, target: string, { drafts, report }: BuildContext): void {
  const { entity, declared } = draft;
  const other = drafts.get(target)?.entity;
  if (other === undefined || field.type.kind !== "one" || field.storage.kind !== "column") return;
  const { column } = field.storage;
  const path = `${entity.name}.${field.name}`;
  if (!entity.tenant && other.tenant) {
    report.error("EJS2127", `${path}: ${entity.name} belongs to no tenant, ${other.name} does.`, {
      site: declared.get(field.name)?.declaration.site,
      hint: `Turn the reference around, or remove tenant: false from ${entity.name}.`,
    });
  }
  // Both columns: a row of one tenant cannot refer to another's, whoever writes.
  const composite = entity.tenant && other.tenant;
  entity.foreignKeys.push({
    name: objectName(entity.table, column, "fkey"),
    field: field.name,
    columns: composite ? ["tenant_id", column] : [column],
    references: { entity: other.name, table: other.table, columns: composite ? ["tenant_id", "id"] : ["id"] },
    onDelete: field.type.onDelete,
  });
}

/** Finds the reference of the other entity; false where there is none, after a report. */
function resolveVia(draft: EntityDraft, field: Field, { drafts, report }: BuildContext): boolean {
  const { entity, declared } = draft;
  if (field.type.kind !== "many") return true;
  const other = drafts.get(field.type.entity);
  if (other === undefined) return false;
  const declaration = declared.get(field.name)?.declaration;
  const site = declaration?.modifiers.via ?? declaration?.site;
  const path = `${entity.name}.${field.name}`;
  const back = referencesTo(other.entity, entity.name);
  const via = declaration?.type.kind === "many" ? declaration.type.via : undefined;
  if (via !== undefined) {
    if (back.includes(via)) return true;
    if (other.broken.has(via)) return false;
    const hint = suggestion(via, back, `References of ${other.entity.name} to ${entity.name}`);
    const message = `${path}: ${other.entity.name} has no reference ${shown(via)} to ${entity.name}.`;
    report.error("EJS2122", message, { site, word: via, hint });
    return false;
  }
  const [only, ...more] = back;
  if (only !== undefined && more.length === 0) {
    field.type.via = only;
    return true;
  }
  // A reference that is broken itself may be the one: its own error is enough.
  if (only === undefined && other.broken.size > 0) return false;
  const message =
    only === undefined
      ? `${path}: ${other.entity.name} has no reference to ${entity.name}.`
      : `${path}: ${other.entity.name} has ${back.length} references to ${entity.name}: ${back.join(", ")}.`;
  const hint =
    only === undefined
      ? `Add to ${other.entity.name}: ${lowerFirst(entity.name)}: ref("${entity.name}").`
      : `Say which: array(ref("${other.entity.name}")).via("${only}").`;
  report.error("EJS2122", message, { site, hint });
  return false;
}

const referencesTo = (entity: Entity, target: string): string[] =>
  entity.fields.filter(({ type }) => type.kind === "one" && type.entity === target).map(({ name }) => name);

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
