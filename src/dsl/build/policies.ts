/** Stage 6: policies, and the columns that they name. */
import { suggestion } from "../../errors/suggestion.ts";
import { references } from "../../expression/index.ts";
import { COMMANDS, type Command, type Policy } from "../../model/index.ts";
import type { ActionDeclaration } from "../action.ts";
import { declarationOf } from "../declared.ts";
import type { PolicyClause, PolicyDeclaration } from "../policy.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { CONDITION_NAMES, type ConditionTools, type WrittenCondition, writeCondition } from "./conditions.ts";
import type { Environments } from "./environments.ts";
import type { PolicyColumn } from "./indexes.ts";
import { isCleanText, isPlainObject } from "./options.ts";
import { operationNames, WRITE } from "./permissions.ts";
import { policyWindow, type Wrap } from "./policy-window.ts";
import { order, shown } from "./report.ts";
import { refuseOwnSideFields } from "./side-fields.ts";

/** What a clause speaks of. */
interface Operations {
  readonly commands: readonly Command[];
  readonly actions: readonly string[];
}

/** Adds the entity's policies; returns the columns that they name. */
export function addPolicies(
  draft: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): readonly PolicyColumn[] {
  const columns: PolicyColumn[] = [];
  const clauses = clausesOf(draft, context);
  let understood = 0;
  for (const clause of clauses) {
    const written = buildPolicy(clause, draft, context, environments, tools);
    if (written === undefined) continue;
    if (addPolicy(written.policy, clause, draft, context)) understood++;
    // What refuses rows finds none: only an allow is served by an index.
    if (clause.effect === "deny") continue;
    for (const { core } of written.conditions) {
      for (const { entity, column } of core === undefined ? [] : references(core)) {
        columns.push({ entity, column, policy: written.policy.name });
      }
    }
  }
  // What a policy that could not be understood would have allowed is not known.
  if (understood === clauses.length) refuseIdleDenies(draft, context);
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
      const message = `${entity.name}: a policy does not say when it ${policy.effect === "allow" ? "allows" : "denies"}.`;
      report.error("EJS2140", message, { site: policy.site, hint });
    }
    return policy?.clauses ?? [];
  });
}

interface BuiltPolicy {
  readonly policy: Policy;
  readonly conditions: readonly WrittenCondition[];
}

function buildPolicy(
  clause: PolicyClause,
  draft: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): BuiltPolicy | undefined {
  const { entity } = draft;
  const { effect } = clause;
  const spoken = operationsOf(clause, draft, context);
  const commands = [...spoken.commands];
  const actions = [...spoken.actions];
  const name = clause.name ?? `who may${effect === "allow" ? "" : " not"} ${[...commands, ...actions].join(", ")}`;
  if (!isSentence(name, clause, draft, context)) return undefined;
  const what = `${entity.name}, policy "${name}"`;
  const wrap = policyWindow(clause, what, context);
  const environment = environments.condition(entity.name);
  const write = (condition: PolicyClause["condition"], of: string, around: Wrap | undefined) =>
    writeCondition(condition, CONDITION_NAMES, environment, of, tools, around);
  const using = write(clause.condition, what, wrap);
  const check = clause.check === undefined ? undefined : write(clause.check, `${what}, withCheck`, wrap);
  const consent = consentOf(clause, what, context);
  if (using === undefined || (clause.check !== undefined && check === undefined)) return undefined;
  if (commands.length + actions.length === 0) return undefined;
  if (clause.check !== undefined && !isUpdateOnly(clause, spoken, what, context)) return undefined;
  if (commands.includes("create")) {
    const site = "rule" in clause.condition ? clause.site : clause.condition.site;
    refuseOwnSideFields(using.core, what, site, context);
  }
  const policy: Policy = {
    name,
    effect,
    commands,
    actions,
    expression: using.text,
    ...(check === undefined ? {} : { check: check.text }),
    ...(consent === undefined ? {} : { consent }),
  };
  return { policy, conditions: check === undefined ? [using] : [using, check] };
}

/** In the registry's order, each once: the order in which they were written is without meaning. */
function operationsOf(clause: PolicyClause, draft: EntityDraft, { report }: BuildContext): Operations {
  const { operations, effect, site } = clause;
  const { entity } = draft;
  const known = operationNames(draft);
  const named = new Set<unknown>();
  for (const name of operations) {
    if (name === "write") for (const one of WRITE) named.add(one);
    else if (known.includes(name as string)) named.add(name);
    else {
      const word = typeof name === "string" ? name : undefined;
      const hint = suggestion(name, [...COMMANDS, "write", ...known.slice(COMMANDS.length)], "Commands and actions");
      report.error("EJS2140", `${entity.name}: a policy cannot ${effect} ${shown(name)}.`, { site, word, hint });
    }
  }
  const actions = known.filter((name) => !COMMANDS.includes(name as Command) && named.has(name)).sort(order);
  return { commands: COMMANDS.filter((name) => named.has(name)), actions };
}

/** Of a new row there is nothing but what is left behind: there `.when()` says all, and `.withCheck()` would stand instead of it. */
function isUpdateOnly(
  { check }: PolicyClause,
  { commands, actions }: Operations,
  what: string,
  { report }: BuildContext,
): boolean {
  const others = [...commands.filter((name) => name !== "update"), ...actions];
  if (others.length === 0) return true;
  const hint = others.includes("create")
    ? "Write two policies: of a new row .when() says all, what it may hold among it."
    : "Write a policy of its own for update.";
  const message = `${what}: .withCheck() says what an update may leave behind; it has no meaning for ${others.join(", ")}.`;
  report.error("EJS2140", message, { site: check?.at, hint });
  return false;
}

function isSentence(name: unknown, { site }: PolicyClause, { entity }: EntityDraft, { report }: BuildContext): boolean {
  if (isCleanText(name) && name.trim() !== "" && !name.includes("\n")) return true;
  const hint = 'Say who may and why: allow("read", "members read their tenant\'s invoices").';
  report.error("EJS2140", `${entity.name}: ${shown(name)} is no sentence for a policy.`, { site, hint });
  return false;
}

function consentOf({ consent }: PolicyClause, what: string, { report }: BuildContext): string | undefined {
  if (consent === undefined) return undefined;
  if (isCleanText(consent.value) && consent.value.trim() !== "") return consent.value;
  const hint = 'Say why it may be wider than before: .consent("auditors asked for it, ticket 4711").';
  const message = `${what}: .consent() takes a sentence, not ${shown(consent.value)}.`;
  report.error("EJS2140", message, { site: consent.site, hint });
  return undefined;
}

/** The same rule for several commands is one policy; another rule of the same name is an error, and is left out. */
function addPolicy(policy: Policy, { site }: PolicyClause, { entity }: EntityDraft, context: BuildContext): boolean {
  const { name } = policy;
  const same = entity.policies.find((other) => other.name === name);
  if (same === undefined) {
    context.locate(`${entity.name}.policies.${name}`, site);
    entity.policies.push(policy);
  } else if (saysTheSame(same, policy)) {
    same.commands = COMMANDS.filter((one) => same.commands.includes(one) || policy.commands.includes(one));
    same.actions = [...new Set([...same.actions, ...policy.actions])].sort(order);
  } else {
    const difference =
      same.effect === policy.effect ? "with different conditions" : "of which one allows and one denies";
    const message = `${entity.name} has two policies called "${name}" ${difference}.`;
    context.report.error("EJS2104", message, { site, hint: "Give one of them another sentence." });
    return false;
  }
  return true;
}

const saysTheSame = (a: Policy, b: Policy): boolean =>
  a.effect === b.effect && a.expression === b.expression && a.check === b.check && a.consent === b.consent;

/** Where nothing is allowed there is nothing to deny: the sentence would look like a protection that something rests on. */
function refuseIdleDenies({ entity, declaration }: EntityDraft, context: BuildContext): void {
  const allows = entity.policies.filter(({ effect }) => effect === "allow");
  const allowed = (one: Command) => allows.some((other) => other.commands.includes(one));
  const withRule = actionsWithRule(declaration.options.actions);
  const usable = (one: string) =>
    allowed("update") || withRule.includes(one) || allows.some((other) => other.actions.includes(one));
  for (const { name, effect, commands, actions } of entity.policies) {
    if (effect === "allow" || commands.some(allowed) || actions.some(usable)) continue;
    const what = [...commands, ...actions].join(", ");
    const message = `${entity.name}: the policy "${name}" denies ${what}, which no policy allows.`;
    context.report.error("EJS2149", message, { site: context.siteOf(`${entity.name}.policies.${name}`) });
  }
}

const actionsWithRule = (actions: unknown): readonly string[] =>
  Object.entries(isPlainObject(actions) ? actions : {}).flatMap(([name, value]) =>
    declarationOf<ActionDeclaration>(value, "action")?.allow === undefined ? [] : [name],
  );
