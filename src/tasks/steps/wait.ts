/** Steps that wait: what they wait for is a row, and the run may leave the memory. */
import type { NodeOf } from "../../model/index.ts";
import { LeaseLost } from "../act-in-run.ts";
import { evaluate } from "../database-step.ts";
import type { Step, StepContext, StepOutcome } from "../run.ts";
import type { Wait } from "../run-store.ts";
import { stepValues } from "../step-scope.ts";
import { stepStatement } from "../step-statement.ts";
import { workflowError } from "../workflow-error.ts";

async function begin(context: StepContext, { run }: Step, wait: Wait): Promise<StepOutcome> {
  const answer = await context.store.wait(run, wait);
  if (answer === false) throw new LeaseLost();
  return answer === true ? "waiting" : answer;
}

/** Waits for a length of time, or until a moment. */
export async function sleepStep(context: StepContext, step: Step, node: NodeOf<"sleep">): Promise<StepOutcome> {
  const wait = { step: step.path, kind: "timer" } as const;
  if ("ms" in node.until) return begin(context, step, { ...wait, ms: node.until.ms });
  const value = node.until.moment;
  const moment = await evaluate(context, step, { id: node.id, kind: "value", value, expected: { kind: "timestamp" } });
  // No moment to wait for: it goes on at once.
  return begin(context, step, moment === null ? { ...wait, ms: 0 } : { ...wait, moment: String(moment) });
}

/** Waits for a signal of this name and key; one that came before is taken at once. */
export async function signalStep(
  context: StepContext,
  step: Step,
  node: NodeOf<"waitForSignal">,
): Promise<StepOutcome> {
  const key = await evaluate(context, step, { id: node.id, kind: "value", value: node.key });
  if (key === null) {
    const message = `Workflow ${step.run.definition.workflow.name}, step ${step.path}: the key of the signal "${node.signal}" is null.`;
    throw workflowError("EJS6013", message);
  }
  const details = { name: node.signal, key: typeof key === "string" ? key : JSON.stringify(key) };
  return begin(context, step, { step: step.path, kind: "signal", ms: node.timeoutMs, details });
}

/** Waits for a person's decision; the condition goes with it as SQL, to be asked when somebody decides. */
export async function approvalStep(context: StepContext, step: Step, node: NodeOf<"approval">): Promise<StepOutcome> {
  const { run } = step;
  const data =
    Object.keys(node.values).length === 0
      ? null
      : await evaluate(context, step, { id: node.id, kind: "values", values: node.values });
  const condition = { id: node.id, kind: "condition", condition: node.policy } as const;
  const policy = stepStatement(run.build, run.definition.workflow, condition);
  const [before, after, input, value, recordId, tenantId] = stepValues(step);
  const scope = { ...parsed({ before, after, input, value }), recordId, tenantId };
  const details = { tenant: tenantId, question: node.question, data, policy, scope };
  return begin(context, step, { step: step.path, kind: "approval", ms: node.timeoutMs, details });
}

const parsed = (texts: Readonly<Record<string, string | null | undefined>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, typeof text === "string" ? JSON.parse(text) : null]),
  );

/** Whether a decision, or that there was none in time, ends the run. */
export function refuseRefusal(step: Step, node: NodeOf<"approval">, output: unknown): void {
  const { approved, by, comment, timedOut } = output as Readonly<Record<string, unknown>>;
  if (approved === true || node.refused === "continue") return;
  const why = timedOut === true ? "nobody decided in time" : `${by} refused${comment ? `: ${comment}` : ""}`;
  throw workflowError("EJS6014", `Workflow ${step.run.definition.workflow.name}, step ${step.path}: ${why}.`);
}
