/** Stage 6: policies, and the columns that they name. */
import { references } from "../../expression/index.ts";
import { type Command, command } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { PolicyClause, PolicyDeclaration } from "../policy.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { type ConditionTools, type WrittenCondition, writeCondition } from "./conditions.ts";
import type { Environments } from "./environments.ts";
import type { PolicyColumn } from "./indexes.ts";
import { isCleanText } from "./options.ts";
import { shown, suggestion } from "./report.ts";

const COMMANDS: readonly Command[] = command.options;

/** Adds the entity's policies; returns the columns that they name. */
export function addPolicies(
  draft: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): readonly PolicyColumn[] {
  const { entity } = draft;
  const columns: PolicyColumn[] = [];
  for (const clause of clausesOf(draft, context)) {
    const commands = commandsOf(clause, draft, context);
    const name = clause.name ?? `who may ${commands.join(", ")}`;
    const what = `${entity.name}, policy "${name}"`;
    if (!isSentence(name, clause, draft, context)) continue;
    const environment = environments.rowAndActor(entity.name);
    const written = writeCondition(clause.condition, ["row", "actor"], environment, what, tools);
    if (written === undefined || commands.length === 0) continue;
    addPolicy(name, commands, written, clause, draft, context);
    for (const { entity: named, column } of written.core === undefined ? [] : references(written.core)) {
      columns.push({ entity: named, column, policy: name });
    }
  }
  return columns;
}

function clausesOf({ entity, declaration }: EntityDraft, { report }: BuildContext): readonly PolicyClause[] {
  const { policies } = declaration.options;
  if (policies === undefined) return [];
  return (Array.isArray(policies) ? policies : [policies]).flatMap((value: unknown) => {
    const policy = declarationOf<PolicyDeclaration>(value, "policy");
    if (policy === undefined) {
      const message = `${entity.name}: ${shown(value)} is no policy.`;
      report.error("EJS2140", message, { site: declaration.site, word: "policies" });
    } else if (policy.clauses.length === 0) {
      const hint = "Add .when(…), or { read: … } with at least one command.";
      report.error("EJS2140", `${entity.name}: a policy does not say when it allows.`, { site: policy.site, hint });
    }
    return policy?.clauses ?? [];
  });
}

function commandsOf({ commands, site }: PolicyClause, { entity }: EntityDraft, { report }: BuildContext): Command[] {
  const known = commands.filter((name) => COMMANDS.includes(name));
  for (const name of commands) {
    if (COMMANDS.includes(name)) continue;
    const message = `${entity.name}: a policy cannot allow ${shown(name)}.`;
    const word = typeof name === "string" ? name : undefined;
    report.error("EJS2140", message, { site, word, hint: suggestion(name, [...COMMANDS, "write"], "Commands") });
  }
  // In the registry's order, each once: the order in which they were written is without meaning.
  return COMMANDS.filter((name) => known.includes(name));
}

function isSentence(name: unknown, { site }: PolicyClause, { entity }: EntityDraft, { report }: BuildContext): boolean {
  if (isCleanText(name) && name.trim() !== "" && !name.includes("\n")) return true;
  const hint = 'Say who may and why: allow("read", "members read their tenant\'s invoices").';
  report.error("EJS2140", `${entity.name}: ${shown(name)} is no sentence for a policy.`, { site, hint });
  return false;
}

/** The same rule for several commands is one policy; another rule of the same name is an error. */
function addPolicy(
  name: string,
  commands: readonly Command[],
  { text }: WrittenCondition,
  { site }: PolicyClause,
  { entity }: EntityDraft,
  context: BuildContext,
): void {
  const path = `${entity.name}.policies.${name}`;
  const same = entity.policies.find((policy) => policy.name === name);
  if (same === undefined) {
    context.locate(path, site);
    entity.policies.push({ name, effect: "allow", commands: [...commands], actions: [], expression: text });
  } else if (same.expression === text) {
    same.commands = COMMANDS.filter((one) => same.commands.includes(one) || commands.includes(one));
  } else {
    const message = `${entity.name} has two policies called "${name}" with different conditions.`;
    context.report.error("EJS2104", message, { site, hint: "Give one of them another sentence." });
  }
}
