/**
 * Policies: who may read, create, update and delete the rows of an entity, and who may use its actions.
 */
import type { Command } from "../model/index.ts";
import type { ConditionScope, Truth } from "./condition-scope.ts";
import { type Callback, declarationOf, declared } from "./declared.ts";
import type { FlagName } from "./registry.ts";
import type { Rule, RuleDeclaration } from "./rule.ts";
import { captureSite, type Site } from "./site.ts";

export interface PolicyDeclaration {
  readonly kind: "policy";
  readonly effect: "allow" | "deny";
  readonly clauses: readonly PolicyClause[];
  /** Where the chain began; a long form without `.when()` has no clause. */
  readonly site: Site | undefined;
}

/** Something that a user gave, and where. */
export interface Given {
  readonly value: unknown;
  readonly site: Site | undefined;
}

export interface PolicyClause {
  readonly site: Site | undefined;
  readonly effect: "allow" | "deny";
  /** The sentence; absent in the short form with a lambda. */
  readonly name: string | undefined;
  /** Commands, "write", and actions, as the user gave them. */
  readonly operations: readonly unknown[];
  /** A rule, or a function; whatever else a user gave is refused by the compiler. */
  readonly condition: Condition;
  readonly check?: Condition & { readonly at: Site | undefined };
  readonly flag?: Given;
  readonly from?: Given;
  readonly until?: Given;
  readonly consent?: Given;
}

/** A rule, or a lambda and where it stands. */
export type Condition =
  | { readonly rule: RuleDeclaration }
  | { readonly callback: Callback; readonly site: Site | undefined }
  | { readonly invalid: unknown; readonly site: Site | undefined };

/** Reads what a user gave as a condition. */
export function conditionOf(value: unknown, site: Site | undefined): Condition {
  const rule = declarationOf<RuleDeclaration>(value, "rule");
  if (rule !== undefined) return { rule };
  return typeof value === "function" ? { callback: value as Callback, site } : { invalid: value, site };
}

declare const scope: unique symbol;
declare const leaving: unique symbol;
declare const operations: unique symbol;

type AnyCommand = Command | "write";

/**
 * A policy over rows of type `R` for the operations `O`. The rows of a lambda that says what may be left behind, `L`, are
 * told apart from those of its rule: `L` is inferred from the entity around it, which it could not be out of an intersection.
 */
export interface Policy<in R, in L = never, out O extends string = AnyCommand> {
  readonly [scope]?: (row: R) => void;
  readonly [leaving]?: (row: L) => void;
  readonly [operations]?: O;
}

type Lambda<R> = (symbols: ConditionScope<R>) => Truth;

/** A day in UTC (`"2026-12-01"`), or a moment (`"2026-12-01T08:00:00+01:00"`). */
type When = string | Date;

interface PolicyOptions {
  /** Only where the flag is on. */
  flag(name: FlagName): this;
  /** Not before: a day begins at midnight UTC. */
  from(moment: When): this;
  /** Not any more from then on: a temporary grant. */
  until(moment: When): this;
  /** Why the policy may be wider than before: a build that widens access asks for it. */
  consent(why: string): this;
}

/** A policy whose condition is still to come. */
export interface PolicyStart<O extends string, L = unknown> extends PolicyOptions {
  /** What an update may leave behind, where that differs from what it may touch. */
  withCheck<G>(condition: Rule<G>): PolicyStart<O, L & G>;
  when<R>(condition: Rule<R>): PolicyChain<R, L, O>;
  /** A lambda ends the chain. */
  when<R>(condition: Lambda<R>): Policy<R, L, O>;
}

export interface PolicyChain<R, L, O extends string> extends Policy<R, L, O>, PolicyOptions {
  /** What an update may leave behind, where that differs from what it may touch. */
  withCheck<G>(condition: Rule<G>): PolicyChain<R & G, L, O>;
  /** A lambda ends the chain. */
  withCheck<G>(condition: Lambda<G>): Policy<R, G, O>;
}

/** Rules by command (`write` is create, update and delete) and action. */
type ShortForm<R, O extends string> = { readonly [P in O]: Rule<NoInfer<R>> | Lambda<R> };

/**
 * Allows what a rule says. What no policy allows is refused.
 *
 * @example policies: allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing"), pay: can("Invoice", "pay") })
 * @example policies: [allow("read", "members read their tenant's invoices").when(isMemberOfTenant)]
 * @example allow("read", "auditors, until the audit is over").until("2027-01-01").when(hasRole("auditor"))
 */
// biome-ignore lint/suspicious/noExplicitAny: outside of an entity nothing says which rows it is for; there the rules' own types count no more
export function allow<R = any, O extends string = AnyCommand>(rules: ShortForm<R, O>): Policy<R, unknown, O>;
export function allow<const O extends string>(operations: O | readonly O[], why: string): PolicyStart<O>;
export function allow(first: unknown, why?: string): unknown {
  return policy("allow", first, why);
}

/**
 * Refuses what a rule says, whoever allows it: deny wins. Where the rule is unknown, it refuses nothing. A deny of `update`
 * speaks for the actions, too, that have no rule of their own.
 *
 * @example deny("delete", "paid invoices stay").when(({ row }) => row.status.eq("paid"))
 * @example deny({ delete: isPaid })
 */
// biome-ignore lint/suspicious/noExplicitAny: as for allow
export function deny<R = any, O extends string = AnyCommand>(rules: ShortForm<R, O>): Policy<R, unknown, O>;
export function deny<const O extends string>(operations: O | readonly O[], why: string): PolicyStart<O>;
export function deny(first: unknown, why?: string): unknown {
  return policy("deny", first, why);
}

function policy(effect: "allow" | "deny", first: unknown, why: string | undefined): object {
  const site = captureSite();
  if (typeof first !== "object" || first === null || Array.isArray(first)) {
    return chain({ site, effect, name: why, operations: Array.isArray(first) ? first : [first] });
  }
  const clauses = Object.entries(first).map(([operation, value]): PolicyClause => {
    const condition = conditionOf(value, site);
    const name = "rule" in condition ? condition.rule.name : undefined;
    return { site, effect, name, operations: [operation], condition };
  });
  return declared<PolicyDeclaration, object>({ kind: "policy", effect, site, clauses }, {});
}

/** The long form on its way: its options may stand before and behind `.when()`. */
type Draft = Omit<PolicyClause, "condition"> & { readonly condition?: Condition };

function chain(draft: Draft): object {
  const { site, effect, condition } = draft;
  const next = (change: Partial<Draft>) => chain({ ...draft, ...change });
  const given = (name: "flag" | "from" | "until" | "consent") => (value: unknown) =>
    next({ [name]: { value, site: captureSite() } });
  const clauses = condition === undefined ? [] : [{ ...draft, condition }];
  return declared<PolicyDeclaration, object>(
    { kind: "policy", effect, site, clauses },
    {
      when: (value: unknown) => next({ condition: conditionOf(value, captureSite()) }),
      withCheck: (value: unknown) => {
        const at = captureSite();
        return next({ check: { ...conditionOf(value, at), at } });
      },
      flag: given("flag"),
      from: given("from"),
      until: given("until"),
      consent: given("consent"),
    },
  );
}
