/** Checks the names that a model gives: form, length, reserved words. */
import { entityName, fieldName, slugName, snakeCase, taskName } from "../../model/index.ts";
import type { Site } from "../site.ts";
import { type Report, shown } from "./report.ts";
import { reservedColumn, reservedEntity, reservedField, reservedMember, reservedTable } from "./reserved-names.ts";

const LONGEST = 63;

/** What the name is of, in a message: `Invoice`, `action pay`. */
interface Named {
  readonly of: string;
  readonly site: Site | undefined;
}

function tooLong(name: string, kind: string, { of, site }: Named, report: Report): boolean {
  if (name.length <= LONGEST) return false;
  report.error("EJS2103", `${of}: the ${kind} "${name}" has ${name.length} bytes; PostgreSQL allows ${LONGEST}.`, {
    site,
    word: of.split(".").at(-1) === of ? name : of.split(".").at(-1),
    hint: `Choose a shorter name${kind === "table" ? `, or another one for the table: table: "…"` : ""}.`,
  });
  return true;
}

/** Whether an entity can have the name; reports where not. */
export function checkEntityName(name: unknown, site: Site | undefined, report: Report): name is string {
  if (typeof name !== "string" || !entityName.safeParse(name).success) {
    const hint = "Entities begin with a capital letter and hold letters and digits: InvoiceLine.";
    report.error("EJS2101", `${shown(name)} cannot be the name of an entity.`, { site, hint });
    return false;
  }
  const reserved = reservedEntity(name);
  if (reserved !== undefined) {
    report.error("EJS2102", `An entity cannot be called ${name}: ${reserved}.`, {
      site,
      word: name,
      hint: `Choose another name: ${name}Item.`,
    });
    return false;
  }
  return true;
}

/** The entity's table, or undefined where it cannot be one. */
export function checkTable(entity: string, table: unknown, site: Site | undefined, report: Report): string | undefined {
  if (table !== undefined && (typeof table !== "string" || !/^[a-z_][a-z0-9_]*$/.test(table))) {
    const hint = 'Small letters, digits and underscores: table: "orders".';
    report.error("EJS2101", `${entity}: ${shown(table)} cannot be the name of a table.`, { site, word: "table", hint });
    return undefined;
  }
  const name = table ?? snakeCase(entity);
  if (tooLong(name, "table", { of: entity, site }, report)) return undefined;
  const reserved = reservedTable(name);
  if (reserved === undefined) return name;
  const hint = `Give the table another name: entity("${entity}", { table: "${name}s", … }).`;
  report.error("EJS2102", `${entity}: its table cannot be called ${name}: ${reserved}.`, { site, word: entity, hint });
  return undefined;
}

/** Whether a field, action, view or rule can have the name; reports where not. */
export function checkMemberName(name: string, kind: string, named: Named, report: Report): boolean {
  const { of, site } = named;
  if (!fieldName.safeParse(name).success) {
    const hint = "It begins with a small letter and holds letters and digits: dueAt.";
    const message = `${of}: ${shown(name)} cannot be the name of ${kind === "action" ? "an" : "a"} ${kind}.`;
    report.error("EJS2101", message, { site, word: name, hint });
    return false;
  }
  const reserved = reservedMember(name);
  if (reserved !== undefined) {
    report.error(
      "EJS2102",
      `${of}: ${kind === "action" ? "an" : "a"} ${kind} cannot be called "${name}": ${reserved}.`,
      {
        site,
        word: name,
        hint: "Choose another name.",
      },
    );
    return false;
  }
  return !tooLong(name, kind, named, report);
}

/** Whether a field can have the name and its column; reports where not. */
export function checkFieldName(name: string, column: string | undefined, named: Named, report: Report): boolean {
  if (!checkMemberName(name, "field", named, report)) return false;
  const { of, site } = named;
  const reserved = reservedField(name) ?? (column === undefined ? undefined : reservedColumn(column));
  if (reserved !== undefined) {
    const hint = `Choose another name, such as ${name}${name === "order" ? "Number" : "Value"}.`;
    report.error("EJS2102", `${of}: a field cannot be called "${name}": ${reserved}.`, { site, word: name, hint });
    return false;
  }
  return column === undefined || !tooLong(column, "column", { of: `${of}.${name}`, site }, report);
}

/** What such a name looks like, for people. */
export const SLUG_FORM =
  "It begins with a small letter and holds letters and digits, joined by - _ or .; at most 100 characters.";

/** Whether a workflow, task or role can have the name; reports where not. */
export function checkSlug(name: unknown, kind: string, site: Site | undefined, report: Report): name is string {
  const form = kind === "task" ? taskName : slugName;
  if (typeof name === "string" && form.safeParse(name).success && name.length <= 100) {
    const reserved = reservedMember(name);
    if (reserved === undefined) return true;
    const hint = "Choose another name.";
    report.error("EJS2102", `A ${kind} cannot be called "${name}": ${reserved}.`, { site, word: name, hint });
    return false;
  }
  report.error("EJS2101", `${shown(name)} cannot be the name of a ${kind}.`, { site, hint: SLUG_FORM });
  return false;
}
