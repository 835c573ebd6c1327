/** What the config consents to: `consents: { "Invoice.delete": "paid invoices may go since 2026-11" }`. */
import type { ConfigDeclaration } from "../config.ts";
import type { BuildContext } from "./build-context.ts";
import { isCleanText, isPlainObject } from "./options.ts";
import { operationNames } from "./permissions.ts";
import { order, shown, suggestion } from "./report.ts";

/** Adds them when all that they may name is known. */
export function addConsents(declaration: ConfigDeclaration | undefined, context: BuildContext): void {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const given = Object.entries(isPlainObject(config.consents) ? config.consents : {});
  if (given.length === 0) return;
  const { report, system, brokenEntities } = context;
  const site = declaration?.site;
  const known = subjectsOf(context);
  const consents = given.flatMap(([subject, why]) => {
    if (!known.has(subject)) {
      const [entity = ""] = subject.split(".");
      if (brokenEntities.has(entity) || context.drafts.get(entity)?.broken.has(subject.slice(entity.length + 1))) {
        return [];
      }
      const message = `consents: the model has nothing called ${shown(subject)} that one could consent to.`;
      report.error("EJS2115", message, { site, word: subject, hint: suggestion(subject, [...known], "There are") });
      return [];
    }
    if (isCleanText(why) && why.trim() !== "") return [{ subject, why }];
    const hint = 'Say why it may be wider than before: "auditors asked for it, ticket 4711".';
    const message = `consents: ${shown(subject)} takes a sentence, not ${shown(why)}.`;
    report.error("EJS2106", message, { site, word: subject, hint });
    return [];
  });
  if (consents.length > 0) system.consents = consents.sort((a, b) => order(a.subject, b.subject));
}

/** Entities, their commands, actions and fields; roles, flags and claims. */
function subjectsOf({ drafts, system }: BuildContext): ReadonlySet<string> {
  const ofEntities = [...drafts.values()].flatMap((draft) => {
    const { name, fields } = draft.entity;
    const members = [...operationNames(draft), ...fields.map((field) => field.name)];
    return [name, ...members.map((member) => `${name}.${member}`)];
  });
  const named = (kind: string, items: readonly { readonly name: string }[]) =>
    items.map(({ name }) => `${kind}.${name}`);
  return new Set([
    ...ofEntities,
    ...named("roles", system.roles),
    ...named("flags", system.flags),
    ...named("claims", system.actor?.claims ?? []),
  ]);
}
