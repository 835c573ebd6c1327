/**
 * A condition as a formula over atoms that are compared by their SQL: enough to
 * prove of two conditions that one lets nothing pass that the other does not.
 * What it cannot prove it does not claim.
 */
import type { Core } from "../expression/core.ts";
import { toCondition } from "../expression/to-sql.ts";
import { printExpression } from "../sql-ast/print-expression.ts";
import { claimsOf } from "./claims-of.ts";
import { type ModelIndex, sortedBy } from "./model-index.ts";
import { resolvePermissions } from "./resolve-permissions.ts";

export type Formula =
  | { readonly kind: "constant"; readonly value: boolean | null }
  | { readonly kind: "atom"; readonly key: string; readonly nullable: boolean }
  | { readonly kind: "and" | "or"; readonly operands: readonly Formula[] }
  | { readonly kind: "not"; readonly operand: Formula };

export const TRUE: Formula = { kind: "constant", value: true };

/** What the atoms of one build mean. */
export interface FormulaScope {
  readonly model: ModelIndex;
  /** The statement that makes a claim's function: another text is another atom. */
  readonly claim: (id: string) => string;
  /** Roles that count: what only they would let pass is left out. */
  readonly counts: (role: string) => boolean;
}

export function formulaOf(core: Core, scope: FormulaScope): Formula {
  return parse(resolvePermissions(core, scope.model), scope);
}

function parse(core: Core, scope: FormulaScope): Formula {
  switch (core.kind) {
    case "and":
    case "or":
      return { kind: core.kind, operands: core.operands.map((operand) => parse(operand, scope)) };
    case "not":
      return { kind: "not", operand: parse(core.operand, scope) };
    case "literal":
      if (core.value === null || typeof core.value === "boolean") return { kind: "constant", value: core.value };
      return atom(core, scope);
    case "in-array":
      return ofRoles(core, scope) ?? atom(core, scope);
    default:
      return atom(core, scope);
  }
}

/** A role counts where it is held itself, or one that includes it: who holds what is the same in both builds. */
function ofRoles(core: Extract<Core, { kind: "in-array" }>, { model, counts }: FormulaScope): Formula | undefined {
  const { operand, list } = core;
  const isRoles = list.kind === "value" && list.path.join(".") === "actor.roles";
  if (!isRoles || operand.kind !== "literal" || typeof operand.value !== "string") return undefined;
  const wanted = operand.value;
  const givenBy = model.system.roles.filter(
    ({ name, of, includes }) => of === "tenant" && counts(name) && (name === wanted || includes.includes(wanted)),
  );
  const operands = sortedBy(givenBy, ({ name }) => name).map(
    ({ name }): Formula => ({ kind: "atom", key: `holds ${name}`, nullable: false }),
  );
  return { kind: "or", operands };
}

function atom(core: Core, scope: FormulaScope): Formula {
  // Where it is true, and where it is false: two that agree in both agree in what is unknown.
  const sql = toCondition(core);
  const text = [sql, toCondition(core, false)].map(printExpression);
  const claims = claimsOf(sql, scope.model).map(scope.claim);
  // What else asks for the roles has their hierarchy in it.
  const roles = text.some((side) => side.includes("actor_roles"))
    ? sortedBy(scope.model.system.roles, ({ name }) => name).map(({ name, includes }) => [name, [...includes].sort()])
    : [];
  return { kind: "atom", key: JSON.stringify([text, claims, roles]), nullable: core.nullable };
}

export type Assignment = ReadonlyMap<string, boolean | null>;

/** By three-valued logic. */
export function evaluate(formula: Formula, of: Assignment): boolean | null {
  switch (formula.kind) {
    case "constant":
      return formula.value;
    case "atom":
      return of.get(formula.key) ?? null;
    case "not": {
      const value = evaluate(formula.operand, of);
      return value === null ? null : !value;
    }
    case "and":
    case "or": {
      const decides = formula.kind === "or";
      const values = formula.operands.map((operand) => evaluate(operand, of));
      if (values.includes(decides)) return decides;
      return values.includes(null) ? null : !decides;
    }
    default:
      return formula satisfies never;
  }
}

/** More of them are not gone through: then nothing is proven. */
const MOST_ASSIGNMENTS = 60_000;

/**
 * Whether the conclusion holds wherever the premise does, whatever the atoms are.
 *
 * @returns false also where that cannot be told
 */
export function always(
  formulas: readonly Formula[],
  premise: (of: Assignment) => boolean,
  conclusion: (of: Assignment) => boolean,
): boolean {
  const atoms = new Map<string, boolean>();
  for (const formula of formulas) collectAtoms(formula, atoms);
  const list = [...atoms].map(([key, nullable]) => ({ key, values: nullable ? [true, false, null] : [true, false] }));
  if (list.reduce((product, { values }) => product * values.length, 1) > MOST_ASSIGNMENTS) return false;
  const of = new Map<string, boolean | null>();
  const holds = (index: number): boolean => {
    const next = list[index];
    if (next === undefined) return !premise(of) || conclusion(of);
    return next.values.every((value) => {
      of.set(next.key, value);
      return holds(index + 1);
    });
  };
  return holds(0);
}

function collectAtoms(formula: Formula, into: Map<string, boolean>): void {
  if (formula.kind === "atom") into.set(formula.key, formula.nullable || (into.get(formula.key) ?? false));
  else if (formula.kind === "not") collectAtoms(formula.operand, into);
  else if (formula.kind !== "constant") for (const operand of formula.operands) collectAtoms(operand, into);
}
