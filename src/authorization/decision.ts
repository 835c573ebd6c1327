/** What is decided, and why: the rules that spoke, each with its verdict. */

/** One rule's answer about one row; null for unknown, which allows nothing and denies nothing. */
export interface RuleVerdict {
  /** The node of the model, as a key of its source map; `tenancy` for the tenant's wall. */
  readonly source: string;
  /** The rule's sentence. */
  readonly name: string;
  readonly effect: "allow" | "deny" | "wall";
  /** Whether it was asked what may be touched, or what may be left behind. */
  readonly part: "touch" | "leave";
  readonly holds: boolean | null;
}

export interface Decision {
  readonly allowed: boolean;
  readonly rules: readonly RuleVerdict[];
}

export const ALLOWED: Decision = { allowed: true, rules: [] };

/** Every wall holds, at least one allow is true, no deny is. */
export function decide(rules: readonly RuleVerdict[]): Decision {
  const of = (effect: RuleVerdict["effect"]) => rules.filter((rule) => rule.effect === effect);
  const allowed =
    of("wall").every(({ holds }) => holds === true) &&
    of("allow").some(({ holds }) => holds === true) &&
    !of("deny").some(({ holds }) => holds === true);
  return { allowed, rules };
}

/** All of several decisions: what each of them says must hold. */
export const both = (...decisions: readonly Decision[]): Decision => ({
  allowed: decisions.every(({ allowed }) => allowed),
  rules: decisions.flatMap(({ rules }) => rules),
});
