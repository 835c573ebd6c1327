/** The lines of an explanation as rows: their columns, and the SQL of what a rule is made of. */
import type { Action, Entity } from "../model/index.ts";
import { array, call, column, inList, literal, type SelectNode, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CompiledPart, CompiledRule, CompiledRules } from "./compile-rules.ts";
import type { ConditionTerm } from "./condition-terms.ts";
import { fieldOf, sortedBy, storedColumn } from "./model-index.ts";

/** What each line of an explanation holds; sql/functions/explain_rules.sql says the same. */
export const COLUMNS = [
  { name: "ordinal", type: "integer" },
  { name: "rule", type: "text" },
  { name: "effect", type: "text" },
  { name: "aspect", type: "text" },
  { name: "verdict", type: "boolean" },
  { name: "failed", type: "text" },
  { name: "terms", type: "jsonb" },
  { name: "source", type: "text" },
] as const;

/**
 * What a line does to the verdict. One `allow` must be true and no `deny`; `tenancy`, `state`, `guard` and `column` must be
 * true; a `field` counts where the command names the field. What an update's rules say of what is left behind depends on
 * the change: it is told, and denies nothing.
 */
export type Effect = "allow" | "deny" | "tenancy" | "state" | "guard" | "column" | "field";

/** What may be touched, or what may be left behind. */
export type Aspect = "touch" | "leave";

export interface Line {
  readonly speaks: SqlExpression;
  readonly rule: string;
  readonly effect: Effect;
  readonly aspect: Aspect;
  readonly terms: readonly ConditionTerm[];
  readonly source: string;
}

/** Aliases that no table has: those begin with a letter. */
export const LINES = "_lines";
export const JUDGED = "_judged";
export const ASKED = "_asked";

export function* linesOfRules(
  entity: Entity,
  { allows, denies }: CompiledRules,
  speaks: SqlExpression,
  aspect: Aspect,
  part: (rule: CompiledRule) => CompiledPart,
): Iterable<Line> {
  for (const rule of sortedBy([...allows], ({ sentence }) => sentence)) {
    const { sentence, effect, source } = rule;
    yield { speaks, rule: sentence, effect, aspect, terms: part(rule).terms, source };
  }
  if (allows.length === 0) {
    const terms = [known("no rule allows it", false)];
    yield { speaks, rule: "nobody", effect: "allow", aspect, terms, source: entity.name };
  }
  for (const rule of denies) {
    const { sentence, effect, source } = rule;
    yield { speaks, rule: sentence, effect, aspect, terms: part(rule).terms, source };
  }
}

export function* stateLine(
  entity: Entity,
  { name, transition }: Action,
  speaks: SqlExpression,
  source: string,
): Iterable<Line> {
  if (transition === undefined) return;
  const text = `${name} starts from: ${transition.from.join(", ")}`;
  const state = column(entity.table, storedColumn(fieldOf(entity, transition.field)));
  const from = transition.from.map((value) => literal(value));
  const terms = [{ text, value: inList(state, from), withoutRow: literal(null, "boolean"), branches: [] }];
  yield { speaks, rule: transition.field, effect: "state", aspect: "touch", terms, source };
}

/** What is so whatever the row. */
export function known(text: string, verdict: boolean): ConditionTerm {
  const value = literal(verdict);
  return { text, value, withoutRow: value, branches: [] };
}

/** The first line of a union names the columns and says their types. */
export function columnsOf({ rule, effect, aspect, source }: Line, ordinal: number): SelectNode["columns"] {
  const text = (value: string) => (ordinal === 1 ? literal(value, "text") : literal(value));
  const values: Readonly<Record<(typeof COLUMNS)[number]["name"], SqlExpression>> = {
    ordinal: literal(ordinal),
    rule: text(rule),
    effect: text(effect),
    aspect: text(aspect),
    verdict: column(JUDGED, "verdict"),
    failed: column(JUDGED, "failed"),
    terms: column(JUDGED, "terms"),
    source: text(source),
  };
  return COLUMNS.map(({ name }) => (ordinal === 1 ? { value: values[name], alias: name } : { value: values[name] }));
}

/** `[{"term": …, "verdict": …, "any": […]}]` */
export function termsValue(
  terms: readonly ConditionTerm[],
  value: (term: ConditionTerm) => SqlExpression,
): SqlExpression {
  const items = terms.map((term) =>
    call(
      "jsonb_build_object",
      literal("term", "text"),
      literal(term.text, "text"),
      literal("verdict", "text"),
      value(term),
      ...(term.branches.length === 0 ? [] : [literal("any", "text"), termsValue(term.branches, value)]),
    ),
  );
  return call("to_jsonb", array(items, "jsonb[]"));
}

export function unionAll(selects: readonly SelectNode[]): SelectNode | undefined {
  return selects.reduceRight<SelectNode | undefined>(
    (rest, node) => (rest === undefined ? node : { ...node, unionAll: rest }),
    undefined,
  );
}
