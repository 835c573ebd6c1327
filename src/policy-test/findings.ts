/** What a test of the rules found, for people: each with its place in the model. */
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import type { SourceMap } from "../model/index.ts";
import type { Answered } from "./compare-world.ts";
import { describeCase } from "./describe-case.ts";
import type { JudgedMutant } from "./judge-mutants.ts";
import type { Mutant } from "./mutants.ts";

/** So many differences are told; what is behind them is mostly one thing. */
const TOLD = 20;

export function differenceFindings(differences: readonly Answered[], seed: number, places: SourceMap): Diagnostic[] {
  return differences.slice(0, TOLD).map(({ by, case: question, expected, actual }): Diagnostic => {
    const where = placeOf(places, question.entity);
    return {
      code: "EJS3040",
      severity: "error",
      message: `As ${by.label}: ${describeCase(question)}: the rules say ${expected.join(" or ")}, PostgreSQL answers ${actual} (seed ${seed}).`,
      ...(where === undefined ? {} : { where }),
    };
  });
}

export function survivorFindings(mutants: readonly JudgedMutant[], places: SourceMap): Diagnostic[] {
  return mutants
    .filter(({ killed }) => !killed)
    .map(({ mutant }): Diagnostic => {
      const where = placeOf(places, mutant.source) ?? placeOf(places, mutant.entity);
      return {
        code: "EJS3041",
        severity: "warning",
        message: `${mutant.entity}, "${mutant.rule}": ${survived(mutant)}`,
        ...(where === undefined ? {} : { where }),
        hint: hintOf(mutant),
      };
    });
}

function survived({ kind, clause, condition }: Mutant): string {
  switch (kind) {
    case "without":
      return `without \`${clause}\` no answer changes, in \`${condition}\`.`;
    case "negated":
      return `with \`${clause}\` turned around no answer changes, in \`${condition}\`.`;
    case "without the rule":
      return `without the whole rule no answer changes: \`${condition}\`.`;
    case "without the check":
      return `without its check no answer changes: \`${condition}\`.`;
    default:
      return kind satisfies never;
  }
}

/** What row would tell the mutant from the model. */
function hintOf({ kind, clause }: Mutant): string {
  switch (kind) {
    case "without":
    case "negated":
      return `A row would tell where \`${clause}\` decides, the rest of the rule and every other rule being the same: the model seems to allow none.`;
    case "without the rule":
    case "without the check":
      return "A row would tell for which this rule decides and no other one does: the model seems to allow none.";
    default:
      return kind satisfies never;
  }
}

function placeOf(places: SourceMap, source: string): SourceLocation | undefined {
  const found = Object.hasOwn(places, source) ? places[source] : undefined;
  if (found === undefined) return undefined;
  const { length, ...place } = found;
  return length === undefined ? place : { ...place, length };
}
