/** A plan for people: one line per change, `+` comes, `~` changes, `-` goes. */
import type { Plan } from "./plan.ts";
import type { PlanStep } from "./plan-steps.ts";

/**
 * The lines of a plan. What comes with a new entity is counted beside it; comments and grants of an object go with the object.
 *
 * @example formatPlan(plan(null, compiled))[0] // "+ entity Invoice: table, 2 indexes, 9 policies, 6 triggers, 4 functions"
 */
export function formatPlan({ changes, steps, empty, refusals }: Plan): string[] {
  if (refusals.length > 0) return refusals.map((refusal) => `! ${refusal.message}`);
  if (empty) return ["nothing to do"];
  const fresh = new Set(changes.filter((c) => c.verb === "+" && c.subject.startsWith("entity ")).map((c) => c.path));
  const lines = changes.map(({ verb, path, subject }) => {
    const made = fresh.has(path) && verb === "+" ? countOf(steps.filter((step) => step.entity === path)) : "";
    return `${verb} ${subject}${made === "" ? "" : `: ${made}`}`;
  });
  const objects = new Map<string, string>();
  for (const step of steps) {
    if (step.quiet || (step.entity !== undefined && fresh.has(step.entity))) continue;
    const hazards = step.hazards.length === 0 ? "" : `  (${step.hazards.join(", ")})`;
    const line = `  ${step.verb} ${step.object}`;
    if (!objects.has(step.object)) objects.set(step.object, `${line}${hazards}`);
  }
  return [...lines, ...objects.values()];
}

const COUNTED = [
  ["table", "table", "tables"],
  ["index", "index", "indexes"],
  ["policy", "policy", "policies"],
  ["trigger", "trigger", "triggers"],
  ["function", "function", "functions"],
  ["view", "view", "views"],
] as const;

function countOf(steps: readonly PlanStep[]): string {
  return COUNTED.flatMap(([kind, one, many]) => {
    const count = steps.filter((step) => step.kind === kind && step.verb === "+").length;
    if (count === 0) return [];
    return kind === "table" && count === 1 ? [one] : [`${count} ${count === 1 ? one : many}`];
  }).join(", ");
}
