/**
 * Policies: who may read, create, update and delete the rows of an entity.
 */
import type { Command } from "../model/index.ts";
import { type Callback, declarationOf, declared } from "./declared.ts";
import type { Rule, RuleDeclaration } from "./rule.ts";
import { captureSite, type Site } from "./site.ts";
import type { Actor, Bool } from "./symbols.ts";

export interface PolicyDeclaration {
  readonly kind: "policy";
  readonly clauses: readonly PolicyClause[];
  /** Where the chain began; a long form without `.when()` has no clause. */
  readonly site: Site | undefined;
}

export interface PolicyClause {
  readonly site: Site | undefined;
  /** The sentence; absent in the short form with a lambda. */
  readonly name: string | undefined;
  readonly commands: readonly Command[];
  /** A rule, or a function over `row` and `actor`; whatever else a user gave is refused by the compiler. */
  readonly condition: Condition;
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

/** A policy over rows of type `R`. */
export interface Policy<in R> {
  readonly [scope]?: (row: R) => void;
}

type When<R> = Rule<R> | ((symbols: { readonly row: R; readonly actor: Actor }) => Bool);

/** The commands of the short form: `write` is create, update and delete. */
type ShortForm<R> = {
  readonly [C in Command | "write"]?:
    | Rule<NoInfer<R>>
    | ((symbols: { readonly row: R; readonly actor: Actor }) => Bool);
};

const WRITE: readonly Command[] = ["create", "update", "delete"];

/**
 * Allows what a rule says. What no policy allows is refused.
 *
 * @example policies: allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing") })
 * @example policies: [allow("read", "members read their tenant's invoices").when(isMemberOfTenant)]
 */
// biome-ignore lint/suspicious/noExplicitAny: outside of an entity nothing says which rows it is for; there the rules' own types count no more
export function allow<R = any>(rules: ShortForm<R>): Policy<R>;
export function allow(commands: Command | readonly Command[], why: string): { when<R>(condition: When<R>): Policy<R> };
export function allow(first: unknown, why?: string): unknown {
  const site = captureSite();
  if (typeof first === "object" && first !== null && !Array.isArray(first)) {
    const clauses = Object.entries(first).map(([command, value]): PolicyClause => {
      const condition = conditionOf(value, site);
      const name = "rule" in condition ? condition.rule.name : undefined;
      return { site, name, commands: command === "write" ? WRITE : [command as Command], condition };
    });
    return declared<PolicyDeclaration, object>({ kind: "policy", site, clauses }, {});
  }
  const commands = (Array.isArray(first) ? first : [first]) as Command[];
  return declared<PolicyDeclaration, object>(
    { kind: "policy", site, clauses: [] },
    {
      when: (value: unknown) => {
        const clause = { site, name: why, commands, condition: conditionOf(value, captureSite()) };
        return declared<PolicyDeclaration, object>({ kind: "policy", site, clauses: [clause] }, {});
      },
    },
  );
}
