/** Whether the rules of an operation let more or less pass than before: what their texts prove, and what they leave open. */
import { type Assignment, always, evaluate, type Formula } from "./access-formula.ts";
import { same } from "./model-change.ts";
import type { SpokenRule } from "./spoken-rule.ts";

interface Rules<R extends SpokenRule> {
  readonly allows: readonly R[];
  readonly denies: readonly R[];
}

export interface Direction<R extends SpokenRule> {
  /** Rules that may let more pass: allows of the new build, denies of the old one. None where nothing more can pass. */
  readonly widening: ReadonlySet<R>;
  readonly mayWiden: boolean;
  readonly mayNarrow: boolean;
}

interface Ruled<R extends SpokenRule> {
  readonly rule: R;
  readonly formula: Formula;
}

interface Side<R extends SpokenRule> {
  readonly allows: readonly Ruled<R>[];
  readonly denies: readonly Ruled<R>[];
}

/** @param wasThere whether a role is one of the build before: one that is new is held by nobody */
export function directionOf<R extends SpokenRule>(
  was: Rules<R>,
  now: Rules<R>,
  wasThere: (role: string) => boolean,
): Direction<R> {
  const texts = new Set([...was.allows, ...was.denies].map(spoken));
  // What is said as before gives a new role to nobody; what is said anew counts.
  const ruled = (rule: R): Ruled<R> => {
    const formula = rule.formula(texts.has(spoken(rule)) ? wasThere : () => true);
    return { rule, formula };
  };
  const side = ({ allows, denies }: Rules<R>): Side<R> => ({ allows: allows.map(ruled), denies: denies.map(ruled) });
  const old = side(was);
  const current = side(now);
  const all = [old.allows, old.denies, current.allows, current.denies].flat().map(({ formula }) => formula);
  // Whatever passes by the one side and not by the other does so by an allow, or for want of a deny, that the other has not.
  const widening = [...beyond(current.allows, old.allows), ...beyond(old.denies, current.denies)];
  const narrowing = [...beyond(old.allows, current.allows), ...beyond(current.denies, old.denies)];
  const mayWiden = widening.length > 0 && !always(all, passes(current), passes(old));
  const mayNarrow = narrowing.length > 0 && !always(all, passes(old), passes(current));
  return { widening: new Set(mayWiden ? widening : []), mayWiden, mayNarrow };
}

const spoken = ({ effect, sentence, text }: SpokenRule): string => JSON.stringify([effect, sentence, text]);

const any =
  (rules: readonly Ruled<SpokenRule>[]) =>
  (of: Assignment): boolean =>
    rules.some(({ formula }) => evaluate(formula, of) === true);

const passes =
  ({ allows, denies }: Side<SpokenRule>) =>
  (of: Assignment): boolean =>
    any(allows)(of) && !any(denies)(of);

const beyond = <R extends SpokenRule>(here: readonly Ruled<R>[], there: readonly Ruled<R>[]): R[] =>
  here.filter((rule) => !implied(rule, there)).map(({ rule }) => rule);

/** A rule that is there as it was needs no proof; of the others mostly one stands for one. */
function implied(rule: Ruled<SpokenRule>, rules: readonly Ruled<SpokenRule>[]): boolean {
  if (rules.some((other) => same(rule.formula, other.formula))) return true;
  const byThese = (others: readonly Ruled<SpokenRule>[]): boolean =>
    always(
      [rule, ...others].map(({ formula }) => formula),
      any([rule]),
      any(others),
    );
  return rules.some((other) => byThese([other])) || byThese(rules);
}
