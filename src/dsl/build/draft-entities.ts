/** Stage 1: every entity by name, with its table and whether it belongs to a tenant. */
import type { EntityDeclaration } from "../entity.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { checkEntityName, checkTable } from "./names.ts";
import { checkOptions, isPlainObject, optionOf } from "./options.ts";
import { inOrder, shown } from "./report.ts";

const OPTIONS = [
  "describe",
  "tenant",
  "events",
  "table",
  "fields",
  "rules",
  "indexes",
  "policies",
  "actions",
  "views",
  "meta",
];

/** Drafts the entities, sorted by name: the order of the files is without meaning. */
export function draftEntities(declarations: readonly EntityDeclaration[], context: BuildContext): void {
  const { report, drafts, system } = context;
  const tables = new Map<string, string>();
  for (const declaration of inOrder(declarations)) {
    const { name, site } = declaration;
    if (!checkEntityName(name, site, report)) {
      context.brokenEntities.add(String(name));
      continue;
    }
    const other = drafts.get(name);
    if (other !== undefined || context.brokenEntities.has(name)) {
      reportTwice(name, other, declaration, context);
      continue;
    }
    const draft = draftEntity(declaration, context);
    if (draft === undefined) {
      context.brokenEntities.add(name);
      continue;
    }
    const sameTable = tables.get(draft.entity.table);
    if (sameTable !== undefined) {
      const message = `${sameTable} and ${name} both become the table "${draft.entity.table}".`;
      report.error("EJS2104", message, { site, word: name, hint: 'Give one of them another table: table: "…".' });
    }
    tables.set(draft.entity.table, name);
    drafts.set(name, draft);
    system.entities.push(draft.entity);
    context.locate(name, site, name);
  }
}

function reportTwice(
  name: string,
  other: EntityDraft | undefined,
  { site }: EntityDeclaration,
  { report }: BuildContext,
): void {
  const first = other?.declaration.site;
  const place = first === undefined ? "elsewhere" : describePlace(report.positions.at(first));
  report.error("EJS2104", `There are two entities called ${name}: the other one is declared in ${place}.`, {
    site,
    word: name,
    hint: "Rename one of them, or merge the two declarations.",
  });
}

const describePlace = ({ file, line }: { readonly file: string; readonly line: number }) => `${file}:${line}`;

function draftEntity(declaration: EntityDeclaration, context: BuildContext): EntityDraft | undefined {
  const { name, site, options } = declaration;
  const { report } = context;
  if (!isPlainObject(options)) {
    const hint = `entity("${name}", { fields: { … } })`;
    report.error("EJS2106", `${name}: the second argument must be an object, not ${shown(options)}.`, { site, hint });
    return undefined;
  }
  checkOptions(options, OPTIONS, name, site, report);
  const table = checkTable(name, options.table, site, report);
  const description = optionOf(options, "describe", "string", name, site, report);
  const meta = jsonOption(options.meta, name, declaration, context);
  const tenancy = context.system.tenancy !== undefined;
  const inTenancy = tenancy && name !== context.system.tenancy?.entity;
  if (!tenancy && options.tenant === true) {
    report.error("EJS2111", `${name}: "tenant: true", but the config declares no tenancy.`, { site, word: "tenant" });
  }
  return {
    declaration,
    declared: new Map(),
    broken: new Set(),
    entity: {
      name,
      ...(description === undefined ? {} : { description }),
      // Where the table's name cannot be, the build fails; until then the entity has one, so that its other errors are found too.
      table: table ?? `broken_${context.drafts.size}`,
      tenant: inTenancy && optionOf(options, "tenant", "boolean", name, site, report) !== false,
      events: optionOf(options, "events", "boolean", name, site, report) ?? true,
      fields: [],
      primaryKey: { name: "", columns: [] },
      uniques: [],
      indexes: [],
      foreignKeys: [],
      checks: [],
      policies: [],
      actions: [],
      views: [],
      operations: [],
      ...(meta === undefined ? {} : { meta }),
    },
  };
}

/** Free notes: kept when they are JSON. */
function jsonOption(value: unknown, name: string, { site }: EntityDeclaration, { report }: BuildContext) {
  if (value === undefined) return undefined;
  try {
    const text = JSON.stringify(value);
    const kept = text.isWellFormed() && !text.includes("\\u0000");
    if (isPlainObject(value) && kept && JSON.stringify(JSON.parse(text)) === text) return JSON.parse(text);
  } catch {
    // A circle, or a bigint: reported below.
  }
  report.error("EJS2106", `${name}: "meta" must be an object of plain JSON.`, { site, word: "meta" });
  return undefined;
}
