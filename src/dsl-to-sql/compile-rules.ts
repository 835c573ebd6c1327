/**
 * The rules of an entity, one by one: what each sentence allows or denies, as
 * SQL. Policies, action functions, explanations and affordances are all made of
 * these, so that none of them can say something else than the others.
 */
import { check } from "../expression/check.ts";
import { type Action, COMMANDS, type Command, type Entity, type Policy } from "../model/index.ts";
import type { CompiledCondition, ConditionCompiler } from "./condition-compiler.ts";
import { rowEnvironment } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { sortedBy } from "./model-index.ts";
import type { StatementList } from "./statement-list.ts";

export interface PolicyParts {
  readonly list: StatementList;
  readonly expressions: ExpressionCompiler;
  readonly conditions: ConditionCompiler;
}

/** One condition of a rule: what may be touched, or what may be left behind. */
export interface CompiledPart extends CompiledCondition {
  /** As the model says it. */
  readonly text: string;
}

/** One sentence of the model. */
export interface CompiledRule {
  readonly effect: "allow" | "deny";
  readonly sentence: string;
  /** The key of the source map: `Invoice.policies.members read`. */
  readonly source: string;
  /** What may be touched (USING). */
  readonly using: CompiledPart;
  /** What may be left behind (WITH CHECK): `using` where the rule says nothing else. */
  readonly check: CompiledPart;
}

/** Who may do a thing: any allow, and no deny. Both by sentence. */
export interface CompiledRules {
  readonly allows: readonly CompiledRule[];
  readonly denies: readonly CompiledRule[];
}

export interface ActionRules extends CompiledRules {
  /** Whether rules allow this very action; otherwise the allows and denies are those of `update`. */
  readonly own: boolean;
}

export interface EntityRules {
  /** Every command; one that nothing allows has no allows. */
  readonly commands: ReadonlyMap<Command, CompiledRules>;
  /** Every action. */
  readonly actions: ReadonlyMap<string, ActionRules>;
}

/** Compiles each rule once, and says for which commands and actions it speaks. */
export function compileRules(entity: Entity, parts: PolicyParts): EntityRules {
  const policies = sortedBy(entity.policies, (policy) => policy.name);
  const finding = findingPolicies(entity, policies, parts);
  const compiled = new Map(
    policies.map((policy) => [policy, compilePolicy(entity, policy, finding.has(policy), parts)]),
  );
  const speaking = (effect: Policy["effect"], speaks: (policy: Policy) => boolean): CompiledRule[] =>
    policies.flatMap((policy) => {
      const rule = policy.effect === effect && speaks(policy) ? compiled.get(policy) : undefined;
      return rule === undefined ? [] : [rule];
    });
  const commands = new Map(
    COMMANDS.map((command): [Command, CompiledRules] => {
      const speaks = (policy: Policy): boolean => policy.commands.includes(command);
      return [command, { allows: speaking("allow", speaks), denies: speaking("deny", speaks) }];
    }),
  );
  const update = commands.get("update") ?? { allows: [], denies: [] };
  const actions = new Map(
    sortedBy(entity.actions, ({ name }) => name).map((action): [string, ActionRules] => {
      const speaks = (policy: Policy): boolean => policy.actions.includes(action.name);
      const denies = speaking("deny", speaks);
      const allows = [...ownRule(entity, action, parts), ...speaking("allow", speaks)];
      const own = action.allow !== undefined || policies.some((policy) => policy.effect === "allow" && speaks(policy));
      if (own) return [action.name, { own, allows, denies }];
      return [action.name, { own, allows: update.allows, denies: distinct([...denies, ...update.denies]) }];
    }),
  );
  return { commands, actions };
}

/**
 * The policies by which an index may find rows: all allows of a command are alternatives of one policy, so that an index
 * can find its rows only where it can those of each. A deny filters what is found already.
 */
function findingPolicies(entity: Entity, policies: readonly Policy[], parts: PolicyParts): ReadonlySet<Policy> {
  const allows = policies.filter((policy) => policy.effect === "allow");
  const servable = new Set(
    allows.filter((policy) => {
      const environment = rowEnvironment(parts.list.model, entity, entity.table);
      // What is wrong with it is told where it is compiled.
      const result = check(policy.expression, environment, { kind: "bool" });
      return result.ok && parts.conditions.finds(result.core, entity);
    }),
  );
  const isFound = (command: Command): boolean =>
    allows.every((policy) => !policy.commands.includes(command) || servable.has(policy));
  return new Set(
    allows.filter((policy) => policy.commands.every((command) => command === "create" || isFound(command))),
  );
}

function compilePolicy(entity: Entity, policy: Policy, finds: boolean, parts: PolicyParts): CompiledRule | undefined {
  const { name: sentence, effect, expression, check } = policy;
  const source = sourceOf(entity, policy);
  const using = compilePart(entity, { text: expression, sentence, source, finds }, parts);
  if (using === undefined) return undefined;
  const left = check === undefined ? using : compilePart(entity, { text: check, sentence, source, finds }, parts);
  return left === undefined ? undefined : { effect, sentence, source, using, check: left };
}

const sourceOf = (entity: Entity, policy: Policy): string => `${entity.name}.policies.${policy.name}`;

/** `.allow` of an action. */
function ownRule(entity: Entity, action: Action, parts: PolicyParts): CompiledRule[] {
  if (action.allow === undefined) return [];
  const { name: sentence, expression: text } = action.allow;
  const source = `${entity.name}.actions.${action.name}`;
  const using = compilePart(entity, { text, sentence, source, finds: false }, parts);
  return using === undefined ? [] : [{ effect: "allow", sentence, source, using, check: using }];
}

interface PartRequest {
  readonly text: string;
  readonly sentence: string;
  readonly source: string;
  readonly finds: boolean;
}

/** Undefined where the expression is wrong: then the compile fails, whatever is made of the rest. */
function compilePart(entity: Entity, request: PartRequest, parts: PolicyParts): CompiledPart | undefined {
  const { text, source } = request;
  const environment = rowEnvironment(parts.list.model, entity, entity.table);
  const core = parts.expressions.condition(text, environment, source);
  if (core === undefined) return undefined;
  return { ...parts.conditions.compile({ ...request, core, entity, purpose: "policy" }), text };
}

const distinct = (rules: readonly CompiledRule[]): CompiledRule[] =>
  sortedBy([...new Set(rules)], (rule) => rule.sentence);
