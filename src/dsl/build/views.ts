/** Stage 6: views, as generated surfaces will read them. */
import { suggestion } from "../../errors/suggestion.ts";
import { declarationOf } from "../declared.ts";
import type { ViewDeclaration } from "../view.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { checkMemberName } from "./names.ts";
import { entriesOf, isCleanText, isPlainObject } from "./options.ts";
import { shown } from "./report.ts";

export function addViews(draft: EntityDraft, context: BuildContext): void {
  const { entity, declaration } = draft;
  const { report } = context;
  const of = `${entity.name}.views`;
  for (const [name, value] of entriesOf(declaration.options.views, of, declaration.site, report)) {
    const view = declarationOf<ViewDeclaration>(value, "view");
    if (view === undefined) {
      const message = `${of}.${name} is no view: ${shown(value)}.`;
      report.error("EJS2106", message, {
        site: declaration.site,
        word: ["views", name],
        hint: "Declare it by view().",
      });
      continue;
    }
    if (!checkMemberName(name, "view", { of: entity.name, site: view.site }, report)) continue;
    const layout = layoutOf(view, `${of}.${name}`, context);
    context.locate(`${of}.${name}`, view.site);
    entity.views.push({
      name,
      columns: knownFields(view.columns, `${of}.${name}`, "columns", draft, context),
      filters: knownFields(view.filters, `${of}.${name}`, "filters", draft, context),
      ...(layout === undefined ? {} : { layout }),
    });
  }
}

function knownFields(
  { fields, site }: ViewDeclaration["columns"],
  what: string,
  part: "columns" | "filters",
  { entity, broken }: EntityDraft,
  { report }: BuildContext,
): string[] {
  if (!Array.isArray(fields)) {
    const hint = `.${part}(["number", "status"])`;
    report.error("EJS2106", `${what}: .${part}() takes a list of field names, not ${shown(fields)}.`, { site, hint });
    return [];
  }
  const known = entity.fields.map(({ name }) => name);
  return fields.filter((name: unknown): name is string => {
    if (typeof name === "string" && known.includes(name)) return true;
    if (typeof name !== "string" || !broken.has(name)) {
      const word = typeof name === "string" ? name : undefined;
      const hint = suggestion(name, known, `${entity.name} has`);
      report.error("EJS2143", `${what}: ${entity.name} has no field ${shown(name)}.`, { site, word, hint });
    }
    return false;
  });
}

function layoutOf({ layout }: ViewDeclaration, what: string, { report }: BuildContext) {
  if (layout === undefined) return undefined;
  const { value, site } = layout;
  if (isPlainObject(value) && value.kind === "tabs" && Array.isArray(value.tabs)) {
    const tabs = value.tabs.filter((title: unknown): title is string => isCleanText(title));
    if (tabs.length === value.tabs.length) return { kind: "tabs" as const, tabs };
  }
  report.error("EJS2106", `${what}: .layout() does not take ${shown(value)}.`, {
    site,
    hint: '.layout(tabs("Details"))',
  });
  return undefined;
}
