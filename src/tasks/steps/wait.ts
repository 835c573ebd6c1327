/** Steps that wait: what they wait for is a row, and the run may leave the memory. */

import { sqlState } from "../../database/sql-state.ts";
import { approvalFunctionName } from "../../dsl-to-sql/index.ts";
import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { LeaseLost } from "../act-in-run.ts";
import { evaluate } from "../database-step.ts";
import { parseExactly } from "../exact-json.ts";
import type { Step, StepContext, StepOutcome } from "../run.ts";
import type { Wait } from "../run-store.ts";
import { signalKey } from "../signal-key.ts";
import { stepValues, tenantOf } from "../step-values.ts";

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
export async function waitForSignalStep(
  context: StepContext,
  step: Step,
  node: NodeOf<"waitForSignal">,
): Promise<StepOutcome> {
  const value = await evaluate(context, step, { id: node.id, kind: "value", value: node.key });
  // What another tenant's runs say by the same key is not for this one: see workflow_signal.
  const details = { name: node.signal, key: signalKey(step, node.signal, value), tenant: tenantOf(step) };
  return begin(context, step, { step: step.path, kind: "signal", ms: node.timeoutMs, details });
}

/**
 * Waits for a person's decision; the name of the function that says who may decide goes with it, to be asked when somebody does.
 *
 * @throws EJS6018 where there is no such function any more
 */
export async function approvalStep(context: StepContext, step: Step, node: NodeOf<"approval">): Promise<StepOutcome> {
  const { run } = step;
  const data =
    Object.keys(node.values).length === 0
      ? null
      : await evaluate(context, step, { id: node.id, kind: "values", values: node.values });
  const { workflow } = run.definition;
  const policy = approvalFunctionName(workflow, node);
  const [before, after, input, value, recordId, tenantId] = stepValues(step);
  const scope = { ...parsed({ before, after, input, value }), recordId, tenantId };
  const details = { tenant: tenantId, question: node.question, data, policy, scope };
  const wait = { step: step.path, kind: "approval", ms: node.timeoutMs, details } as const;
  return begin(context, step, wait).catch((error: unknown) => {
    if (sqlState(error) !== "EJ404") throw error;
    const message = `Workflow ${workflow.name}, step ${step.path}: nothing says who may decide (there is no function ${policy}).`;
    throw workflowError("EJS6018", message, { cause: error });
  });
}

const parsed = (texts: Readonly<Record<string, string | null | undefined>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, typeof text === "string" ? parseExactly(text) : null]),
  );

/** Whether a decision, or that there was none in time, ends the run. */
export function refuseRefusal(step: Step, node: NodeOf<"approval">, output: unknown): void {
  const { approved, by, comment, timedOut } = output as Readonly<Record<string, unknown>>;
  if (approved === true || node.refused === "continue") return;
  const why = timedOut === true ? "nobody decided in time" : `${by} refused${comment ? `: ${comment}` : ""}`;
  throw workflowError("EJS6014", `Workflow ${step.run.definition.workflow.name}, step ${step.path}: ${why}.`);
}
