/**
 * What two models differ in, node by node. Each field of the IR has a rule here,
 * by its name: a field that is added to the IR does not compile until somebody
 * has decided what a change of it means.
 */
import { canonicalText } from "../model/index.ts";

export type Verb = "+" | "~" | "-";

/** One line of a plan: a node of the model that came, changed or went. */
export interface ModelChange {
  readonly verb: Verb;
  /** The key of the source map: `Invoice.fields.note`. */
  readonly path: string;
  /** What a person calls it: `field Invoice.note`. */
  readonly subject: string;
}

/** Where a comparison stands, and where its findings go. */
export interface Comparison {
  change(verb: Verb, path: string, subject: string): void;
  refuse(code: string, path: string, message: string, hint?: string): void;
}

/** Compares one field of a node; called only where its values differ. */
export type FieldRule<V> = (before: V, after: V, at: Comparison) => void;

/** A rule for each field of a node, optional ones included. */
export type Rules<T> = { readonly [K in keyof T]-?: FieldRule<T[K]> };

export const same = (a: unknown, b: unknown): boolean =>
  a === b || canonicalText(a ?? null) === canonicalText(b ?? null);

/** Applies the rules of every field in which two nodes differ. */
export function compareFields<T extends object>(before: T, after: T, rules: Rules<T>, at: Comparison): void {
  for (const key of unionOfKeys(before, after, rules)) {
    const name = key as keyof T;
    if (same(before[name], after[name])) continue;
    const rule: FieldRule<T[keyof T]> | undefined = rules[name];
    if (rule === undefined) throw new TypeError(`no rule says what a change of "${key}" means`);
    rule(before[name], after[name], at);
  }
}

const unionOfKeys = (...objects: readonly object[]): string[] =>
  [...new Set(objects.flatMap((o) => Object.keys(o)))].sort();

export interface ListRule<T> {
  readonly key: (item: T) => string;
  readonly added: (item: T, at: Comparison) => void;
  readonly removed: (item: T, at: Comparison) => void;
  readonly changed: (before: T, after: T, at: Comparison) => void;
  /** Told when the same items stand in another order. Absent where the order says nothing. */
  readonly reordered?: (at: Comparison) => void;
}

/** Compares two lists whose items have names. */
export function compareLists<T>(before: readonly T[], after: readonly T[], rule: ListRule<T>, at: Comparison): void {
  const old = new Map(before.map((item) => [rule.key(item), item]));
  const current = new Map(after.map((item) => [rule.key(item), item]));
  for (const [key, item] of current) {
    const previous = old.get(key);
    if (previous === undefined) rule.added(item, at);
    else if (!same(previous, item)) rule.changed(previous, item, at);
  }
  for (const [key, item] of old) if (!current.has(key)) rule.removed(item, at);
  if (rule.reordered === undefined) return;
  const kept = [...old.keys()].filter((key) => current.has(key));
  const stayed = [...current.keys()].filter((key) => old.has(key));
  if (kept.some((key, index) => stayed[index] !== key)) rule.reordered(at);
}
