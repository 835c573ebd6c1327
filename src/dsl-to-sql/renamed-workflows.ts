/** Workflows that only have another name than in the build before. */
import { allNodes, canonicalText, type Workflow } from "../model/index.ts";

/**
 * The workflow of the build before by the name of the one that does the same now: of those that are gone, one with the same
 * steps, or at least with steps of the same ids and kinds.
 */
export function renamedWorkflows(old: readonly Workflow[], now: readonly Workflow[]): ReadonlyMap<string, Workflow> {
  const names = (workflows: readonly Workflow[]) => new Set(workflows.map(({ name }) => name));
  const [before, after] = [names(old), names(now)];
  const gone = old.filter(({ name }) => !after.has(name));
  const found = new Map<string, Workflow>();
  if (gone.length === 0) return found;
  const added = now.filter(({ name }) => !before.has(name));
  for (const sign of [stepsOf, shapeOf]) {
    for (const workflow of added) {
      if (found.has(workflow.name)) continue;
      const mine = sign(workflow);
      const taken = [...found.values()];
      const was = mine === "" ? undefined : gone.find((each) => !taken.includes(each) && sign(each) === mine);
      if (was !== undefined) found.set(workflow.name, was);
    }
  }
  return found;
}

const stepsOf = ({ nodes, edges }: Workflow): string =>
  shapeOf({ nodes, edges }) === "" ? "" : canonicalText({ nodes, edges });

/** Beginnings and ends are alike in all workflows. */
function shapeOf(workflow: Pick<Workflow, "nodes" | "edges">): string {
  const steps = [...allNodes(workflow)].filter(({ kind }) => kind !== "start" && kind !== "end");
  return steps
    .map(({ id, kind }) => `${kind} ${id}`)
    .sort()
    .join("\n");
}
