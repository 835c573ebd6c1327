/** The step `forEach`: its list is kept before the first item begins, its body walked for each of them. */
import { workflowError } from "../errors/workflow-error.ts";
import type { NodeOf } from "../model/index.ts";
import { evaluate } from "./database-step.ts";
import { type Frame, itemFrame } from "./frame.ts";
import type { PreparedGraph } from "./prepared-graph.ts";
import type { Step, StepContext, StepOutcome } from "./run.ts";

/** How a loop's body is walked, and results kept. */
export interface LoopWalk {
  readonly context: StepContext;
  readonly walk: (body: PreparedGraph, frame: Frame) => Promise<"done" | "open">;
  /** @throws LeaseLost */
  readonly keep: (path: string, output: unknown) => Promise<void>;
}

/** The body for each item, at most `limit` of them at the same time, those that wait included. */
export async function forEach(
  { context, walk, keep }: LoopWalk,
  step: Step,
  node: NodeOf<"forEach">,
  body: PreparedGraph,
): Promise<StepOutcome> {
  const { path, frame } = step;
  const { results, signal } = step.run;
  const items = await list({ context, keep }, step, node);
  const collected: unknown[] = new Array(items.length);
  let open = false;
  let next = 0;
  const lane = async () => {
    while (next < items.length && !signal.aborted) {
      const index = next++;
      const inner = itemFrame(frame, node, items[index], index);
      const at = `${path}[${index}]`;
      if (!(at in results)) {
        if ((await walk(body, inner)) === "open") {
          open = true;
          return;
        }
        if (node.collect !== undefined) {
          const value = { id: `${node.id}#collect`, kind: "value", value: node.collect } as const;
          await keep(at, await evaluate(context, { ...step, path: at, frame: inner }, value));
        }
      }
      collected[index] = results[at] ?? null;
    }
  };
  await Promise.all(Array.from({ length: Math.min(node.limit, items.length) }, lane));
  if (open || signal.aborted) return "waiting";
  const output = { count: items.length, ...(node.collect === undefined ? {} : { results: collected }) };
  await keep(path, output);
  return { output };
}

/** The list of a loop, kept before the first item begins. */
async function list(
  { context, keep }: Pick<LoopWalk, "context" | "keep">,
  step: Step,
  node: NodeOf<"forEach">,
): Promise<readonly unknown[]> {
  const key = `${step.path}[]`;
  const { results } = step.run;
  if (!(key in results)) {
    const value = { id: node.id, kind: "value", value: node.items } as const;
    const items = (await evaluate(context, step, value)) ?? [];
    if (!Array.isArray(items)) {
      const { workflow } = step.run.definition;
      throw workflowError("EJS6013", `Workflow ${workflow.name}, step ${step.path}: ${node.items} is no list.`);
    }
    await keep(key, items);
  }
  return results[key] as readonly unknown[];
}
