/** Stage 2: the fields of every entity, declared and inferred, each with its type and storage. Expressions come later. */
import { type Field, type FieldType, objectName, snakeCase } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { FieldDeclaration } from "../field.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { columnType } from "./column-type.ts";
import { checkModifiers } from "./field-modifiers.ts";
import { checkFieldRules } from "./field-rules.ts";
import { declaredFieldType } from "./field-type.ts";
import { checkFieldName } from "./names.ts";
import { described, entriesOf } from "./options.ts";
import { type Report, shown } from "./report.ts";

const NEVER = { create: false, update: false };

/** Gives every entity its fields: id, tenant, the declared ones in their order, createdAt, updatedAt. */
export function draftFields(context: BuildContext): void {
  for (const draft of context.drafts.values()) {
    const { fields } = draft.entity;
    fields.push(idField());
    if (draft.entity.tenant) fields.push(tenantField(context));
    declareFields(draft, context);
    for (const name of ["createdAt", "updatedAt"]) fields.push(momentField(name));
    refuseSharedColumns(draft, context);
  }
}

const idField = (): Field => ({
  name: "id",
  type: { kind: "scalar", scalar: "uuid" },
  required: true,
  storage: { kind: "column", column: "id", sqlType: "uuid" },
  default: { kind: "generated", by: "uuid_v7" },
  writable: NEVER,
  inferred: "every entity has an id",
});

const tenantField = ({ system }: BuildContext): Field => ({
  name: "tenant",
  type: { kind: "one", entity: system.tenancy?.entity ?? "", onDelete: "restrict" },
  required: true,
  storage: { kind: "column", column: "tenant_id", sqlType: "uuid" },
  default: { kind: "generated", by: "tenant" },
  writable: NEVER,
  inferred: "every entity belongs to a tenant, unless it says tenant: false",
});

const momentField = (name: string): Field => ({
  name,
  type: { kind: "scalar", scalar: "timestamp" },
  required: true,
  storage: { kind: "column", column: snakeCase(name), sqlType: "timestamptz" },
  default: { kind: "generated", by: "now" },
  writable: NEVER,
  inferred: `every entity has ${name}`,
});

function declareFields(draft: EntityDraft, context: BuildContext): void {
  const { entity, declaration } = draft;
  const entries = entriesOf(declaration.options.fields, `${entity.name}.fields`, declaration.site, context.report);
  for (const [name, value] of entries) {
    const field = declarationOf<FieldDeclaration>(value, "field");
    if (field === undefined) reportNoField(name, value, draft, context);
    else declareField(name, field, draft, context);
  }
}

function reportNoField(
  name: string,
  value: unknown,
  { entity, declaration, broken }: EntityDraft,
  context: BuildContext,
) {
  broken.add(name);
  const hint =
    typeof value === "function"
      ? "Call it: a field function needs its parentheses."
      : "Fields are made by text(), money(), state(), ref(), array(), …";
  context.report.error("EJS2120", `${entity.name}.${name} is no field: ${shown(value)}.`, {
    site: declaration.site,
    word: ["fields", name],
    hint,
  });
}

function declareField(name: string, declaration: FieldDeclaration, draft: EntityDraft, context: BuildContext): void {
  const { entity, broken } = draft;
  const path = `${entity.name}.${name}`;
  if (declareImplicit(name, declaration, draft, context)) return;
  const type = declaredFieldType(declaration, path, context);
  const sqlType = type === undefined ? undefined : columnType(type);
  const column = sqlType === undefined ? undefined : columnName(name, type);
  // A computed field that is expanded wherever it is used has no column to be reserved.
  const stored = declaration.computed === undefined || declaration.computed.stored ? column : undefined;
  const named = checkFieldName(name, stored, { of: entity.name, site: declaration.site }, context.report);
  if (type === undefined || !named) {
    broken.add(name);
    return;
  }
  checkModifiers(declaration, type, path, context.report);
  const readable = checkFieldRules(declaration, type, path, context);
  const place = { column, sqlType, ...(readable ? { side: objectName(entity.table, column ?? "") } : {}) };
  const field = makeField(name, type, place, declaration, path, context.report);
  entity.fields.push(field);
  draft.declared.set(name, { field, declaration });
  context.locate(`${entity.name}.fields.${name}`, declaration.site);
}

/** `id: uuid().primary()` may be written down; nothing else may take the place of an implicit field. */
function declareImplicit(
  name: string,
  { type, site, description, modifiers }: FieldDeclaration,
  { entity }: EntityDraft,
  context: BuildContext,
): boolean {
  const allowed: Readonly<Record<string, string>> = {
    id: "uuid().primary()",
    ...(entity.tenant ? { tenant: `ref("${context.system.tenancy?.entity}").required()` } : {}),
    createdAt: "timestamp()",
    updatedAt: "timestamp()",
  };
  const form = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (form === undefined) return false;
  const fits =
    (name === "id" && type.kind === "scalar" && type.scalar === "uuid") ||
    (name === "tenant" && type.kind === "one" && type.entity === context.system.tenancy?.entity) ||
    (name.endsWith("At") && type.kind === "scalar" && type.scalar === "timestamp");
  if (!fits) {
    context.report.error(
      "EJS2128",
      `${entity.name}.${name}: every entity has this field, it cannot be declared otherwise.`,
      {
        site,
        hint: `Leave it out, write ${name}: ${form}, or choose another name.`,
      },
    );
    return true;
  }
  for (const rule of ["readable", "writable", "writeOnce"]) {
    if (!Object.hasOwn(modifiers, rule)) continue;
    const message = `${entity.name}.${name}: .${rule}() has no meaning for a field that every entity has.`;
    const hint = "Whoever may read a row may read it, and nobody writes it.";
    context.report.error("EJS2148", message, { site: modifiers[rule], hint });
  }
  context.locate(`${entity.name}.fields.${name}`, site);
  const implicit = name === "id" || name === "tenant" ? entity.fields.find((field) => field.name === name) : undefined;
  if (implicit !== undefined) {
    Object.assign(implicit, described(description, `${entity.name}.${name}`, modifiers.describe, context.report));
  }
  return true;
}

const columnName = (name: string, type: FieldType | undefined) =>
  type?.kind === "one" ? `${snakeCase(name)}_id` : snakeCase(name);

/** Where the field's value lies; `side` is the table of its own that a field with a read rule has. */
interface Place {
  readonly column: string | undefined;
  readonly sqlType: string | undefined;
  readonly side?: string;
}

function makeField(
  name: string,
  type: FieldType,
  { column, sqlType, side }: Place,
  declaration: FieldDeclaration,
  path: string,
  report: Report,
): Field {
  const { computed } = declaration;
  const storage: Field["storage"] =
    column === undefined || sqlType === undefined
      ? { kind: "relation" }
      : computed === undefined
        ? side === undefined
          ? { kind: "column", column, sqlType }
          : { kind: "side", table: side, column, sqlType }
        : computed.stored
          ? { kind: "generated", column, sqlType, expression: "" }
          : { kind: "virtual", expression: "", rows: "reader" };
  const isWritable = (storage.kind === "column" || storage.kind === "side") && type.kind !== "state";
  const change = declaration.immutable ? "never" : declaration.writeOnce ? "once" : undefined;
  return {
    name,
    ...described(declaration.description, path, declaration.modifiers.describe, report),
    type,
    required: declaration.required === true || type.kind === "state",
    storage,
    writable: isWritable ? { create: true, update: declaration.immutable !== true } : { ...NEVER },
    // Who may read and write it is added when conditions can be checked.
    ...(isWritable && change !== undefined ? { access: { change } } : {}),
  };
}

/** `customer: ref("Customer")` and `customerId: uuid()` would be one column. */
function refuseSharedColumns({ entity, declared }: EntityDraft, { report }: BuildContext): void {
  const columns = new Map<string, string>();
  for (const { name, storage } of entity.fields) {
    if (storage.kind !== "column" && storage.kind !== "generated") continue;
    const other = columns.get(storage.column);
    if (other !== undefined) {
      const message = `${entity.name}: the fields ${other} and ${name} both become the column "${storage.column}".`;
      const site = (declared.get(name) ?? declared.get(other))?.declaration.site;
      report.error("EJS2104", message, { site, hint: "Rename one of them." });
    }
    columns.set(storage.column, name);
  }
}
