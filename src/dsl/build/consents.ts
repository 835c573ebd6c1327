/** What the config consents to: `consents: { "Invoice.delete": "paid invoices may go since 2026-11" }`. */
import { suggestion } from "../../errors/suggestion.ts";
import type { ConfigDeclaration } from "../config.ts";
import type { BuildContext } from "./build-context.ts";
import { isCleanText, isPlainObject } from "./options.ts";
import { operationNames } from "./permissions.ts";
import { order, shown } from "./report.ts";

/** Adds them when all that they may name is known. */
export function addConsents(
  declaration: ConfigDeclaration | undefined,
  context: BuildContext,
  processes: readonly string[],
): void {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const given = Object.entries(isPlainObject(config.consents) ? config.consents : {});
  if (given.length === 0) return;
  const { report, system } = context;
  const site = declaration?.site;
  const known = subjectsOf(context, processes);
  const consents = given.flatMap(([subject, why]) => {
    if (!known.has(subject)) {
      if (isBroken(subject, context)) return [];
      const message = `consents: the model has nothing called ${shown(subject)} that one could consent to.`;
      const hint = suggestion(subject, beside(subject, known), "There are");
      report.error("EJS2115", message, { site, word: ["consents", subject], hint });
      return [];
    }
    if (isCleanText(why) && why.trim() !== "") return [{ subject, why }];
    const hint = 'Say why it may be wider than before: "auditors asked for it, ticket 4711".';
    const message = `consents: ${shown(subject)} takes a sentence, not ${shown(why)}.`;
    report.error("EJS2106", message, { site, word: ["consents", subject], hint });
    return [];
  });
  if (consents.length > 0) system.consents = consents.sort((a, b) => order(a.subject, b.subject));
}

/** What was declared and could not be understood was told already. */
function isBroken(subject: string, { brokenEntities, brokenClaims, drafts, report }: BuildContext): boolean {
  const [of = "", member = ""] = subject.split(".", 2);
  if (of === "claims") return brokenClaims.has(member);
  if (["workflows", "queues", "webhooks"].includes(of)) return report.failed;
  return brokenEntities.has(of) || drafts.get(of)?.broken.has(member) === true;
}

/** Those of the same entity or kind; of none that there is, the entities and kinds. */
function beside(subject: string, known: ReadonlySet<string>): readonly string[] {
  const [of = ""] = subject.split(".", 1);
  const near = [...known].filter((name) => name.startsWith(`${of}.`));
  if (near.length > 0) return near;
  return [...known].filter((name) => !name.includes(".") || /^(roles|flags|claims|workflows|queues)\./.test(name));
}

/** Entities, their commands, actions and fields; roles, flags and claims; workflows, queues, webhooks. */
function subjectsOf({ drafts, system }: BuildContext, processes: readonly string[]): ReadonlySet<string> {
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
    ...named("workflows", [...system.workflows, ...processes.map((name) => ({ name }))]),
    ...named("queues", system.queues ?? []),
    ...(system.webhooks === undefined
      ? []
      : ["webhooks", "webhooks.events", "webhooks.manage", "webhooks.privateHosts"]),
  ]);
}
