/** What a step of a workflow may be called. */
import type { StepDeclaration } from "../flow-steps.ts";
import { shown } from "./report.ts";
import { reservedMember } from "./reserved-names.ts";
import type { StepContext } from "./workflow-step-context.ts";

/** Names that every step sees already, or that begin and end the graph. */
export const TAKEN = [
  "start",
  "end",
  "event",
  "record",
  "actor",
  "request",
  "flags",
  "input",
  "row",
  "before",
  "after",
  "true",
  "false",
  "null",
  "in",
];

/** `second-pair` as a name that expressions can say. */
function meant(id: unknown): string {
  const words = typeof id === "string" ? id.split(/[^A-Za-z0-9]+/).filter((word) => word !== "") : [];
  const name = words
    .map((word, i) => (i === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
  return /^[a-z][A-Za-z0-9]{0,62}$/.test(name) && !TAKEN.includes(name) ? `Did you mean "${name}"? ` : "";
}

/** Whether a step's name is one, and free; it is taken from then on. */
export function takeStepName({ ids, tools, workflow, results }: StepContext, { id, site }: StepDeclaration): boolean {
  const problem =
    typeof id !== "string" || !/^[a-z][A-Za-z0-9]{0,62}$/.test(id)
      ? "is no name of a step"
      : TAKEN.includes(id) || reservedMember(id) !== undefined
        ? "means something else in every step"
        : ids.has(id)
          ? "is the name of an earlier step"
          : Object.hasOwn(results, id)
            ? "is the item of a loop around it"
            : undefined;
  if (problem === undefined) {
    ids.add(id);
    return true;
  }
  tools.context.report.error("EJS2154", `Workflow ${workflow}: ${shown(id)} ${problem}.`, {
    site,
    word: typeof id === "string" ? id : undefined,
    hint:
      problem === "is no name of a step"
        ? `${meant(id)}It begins with a small letter and holds letters and digits only, 63 at most: askCustomer.`
        : undefined,
  });
  return false;
}
