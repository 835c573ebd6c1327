/** Who gains and who loses by a rule about no row: role by role, as far as the texts prove it. */
import { type Assignment, always, evaluate, type Formula } from "./access-formula.ts";
import type { SpokenRule } from "./spoken-rule.ts";

/** Whom a change concerns, in sentences and by name. */
interface WhoMay {
  /** `billing may now start send-refund` */
  readonly says: readonly string[];
  /** Those who surely may what they might not: roles, `no role`, or `everybody`. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

type Outcome = "gains" | "gains at times" | "gains more" | "loses" | "loses some" | "changed";

const SENTENCES: Readonly<Record<Outcome, (who: string, deed: string) => string>> = {
  gains: (who, deed) => `${who} may now ${deed}`,
  "gains at times": (who, deed) => `${who} may now ${deed}, where the condition holds`,
  "gains more": (who, deed) => `${who} may now ${deed} in more cases`,
  loses: (who, deed) => `${who} may no longer ${deed}`,
  "loses some": (who, deed) => `${who} may ${deed} in fewer cases than before`,
  changed: (who, deed) => `whether ${who} may ${deed} changed`,
};

const NO_ROLE = "no role";
/** More are counted, not named. */
const NAMED = 6;

/** @param roles those of tenants, of both builds */
export function whoMay(
  was: readonly SpokenRule[],
  now: readonly SpokenRule[],
  roles: readonly string[],
  deed: string,
): WhoMay {
  const formula = (rules: readonly SpokenRule[]): Formula => ({
    kind: "or",
    operands: rules.map((rule) => rule.formula(() => true)),
  });
  const [before, after] = [formula(was), formula(now)];
  const holders = [...new Set(roles)].sort();
  const groups = new Map<Outcome, string[]>();
  for (const holder of [...holders, NO_ROLE]) {
    const outcome = outcomeOf(held(before, holder), held(after, holder));
    if (outcome !== undefined) groups.set(outcome, [...(groups.get(outcome) ?? []), holder]);
  }
  const named = (outcome: Outcome): readonly string[] => {
    const group = groups.get(outcome) ?? [];
    return group.length > holders.length ? ["everybody"] : group;
  };
  return {
    says: [...groups.keys()].map((outcome) => SENTENCES[outcome](listed(named(outcome)), deed)),
    gained: [...named("gains"), ...named("gains more")],
    lost: [...named("loses"), ...named("loses some")],
  };
}

function listed(names: readonly string[]): string {
  const said = names.map((name) => (name === NO_ROLE ? "whoever has no role" : name));
  const shown = said.length > NAMED ? [...said.slice(0, NAMED), `${said.length - NAMED} more`] : said;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** For whoever holds this role and no other one. */
function held(formula: Formula, holder: string): Formula {
  switch (formula.kind) {
    case "atom":
      return formula.key.startsWith("holds ")
        ? { kind: "constant", value: formula.key === `holds ${holder}` }
        : formula;
    case "not":
      return { kind: "not", operand: held(formula.operand, holder) };
    case "and":
    case "or":
      return { kind: formula.kind, operands: formula.operands.map((operand) => held(operand, holder)) };
    case "constant":
      return formula;
    default:
      return formula satisfies never;
  }
}

function outcomeOf(before: Formula, after: Formula): Outcome | undefined {
  const both = [before, after];
  const was = (of: Assignment): boolean => evaluate(before, of) === true;
  const is = (of: Assignment): boolean => evaluate(after, of) === true;
  const gainsNothing = always(both, is, was);
  const losesNothing = always(both, was, is);
  if (gainsNothing && losesNothing) return undefined;
  const anything = (): boolean => true;
  const nothing = (): boolean => false;
  if (always([before], was, nothing)) return always([after], anything, is) ? "gains" : "gains at times";
  if (always([after], is, nothing)) return "loses";
  if (losesNothing) return "gains more";
  return gainsNothing ? "loses some" : "changed";
}
