/** One attempt at one node. */
import type { WorkflowNode } from "../model/index.ts";
import { LeaseLost } from "./act-in-run.ts";
import { databaseStep } from "./database-step.ts";
import type { Step, StepContext, StepOutcome } from "./run.ts";
import { keepableResult } from "./step-result.ts";
import { failStep } from "./steps/fail.ts";
import { httpStep } from "./steps/http.ts";
import { logStep } from "./steps/log.ts";
import { mergeStep } from "./steps/merge.ts";
import { publishStep } from "./steps/publish.ts";
import { queryStep } from "./steps/query.ts";
import { rowStep } from "./steps/rows.ts";
import { signalStep } from "./steps/signal.ts";
import { startWorkflowStep } from "./steps/start-workflow.ts";
import { taskStep } from "./steps/task.ts";
import { approvalStep, sleepStep, waitForSignalStep } from "./steps/wait.ts";

/** Nodes that do something; the others only steer. */
export type ActiveNode = Exclude<WorkflowNode, { kind: "start" | "end" | "parallel" | "forEach" | "compensate" }>;

/** @param keep writes an outside step's result, again and again until the database answers; false where the lease is lost */
export async function doStep(
  context: StepContext,
  step: Step,
  node: ActiveNode,
  keep: (output: unknown) => Promise<boolean>,
): Promise<StepOutcome> {
  switch (node.kind) {
    case "crud.create":
    case "crud.get":
    case "crud.list":
    case "crud.update":
    case "crud.delete":
    case "db.update":
      return { output: await rowStep(context, step, node) };
    case "db.query":
      return { output: await queryStep(context, step, node) };
    case "queue.publish":
      return { output: await publishStep(context, step, node) };
    case "signal":
      return { output: await signalStep(context, step, node) };
    case "transform":
      return {
        output: await databaseStep(context, step, { id: node.id, kind: "values", values: node.values }, "compute"),
      };
    case "branch":
      return { output: await databaseStep(context, step, node, "decide") };
    case "merge":
      return { output: await mergeStep(context, step, node) };
    case "task":
      return outside(step, await taskStep(context, step, node), keep);
    case "http.request":
      return outside(step, await httpStep(context, step, node), keep);
    case "log":
      return outside(step, await logStep(context, step, node), keep);
    case "sleep":
      return sleepStep(context, step, node);
    case "waitForSignal":
      return waitForSignalStep(context, step, node);
    case "approval":
      return approvalStep(context, step, node);
    case "startWorkflow":
      return startWorkflowStep(context, step, node);
    case "fail":
      return failStep(context, step, node);
    default:
      return node satisfies never;
  }
}

/** What was done outside is done: its checkpoint is tried until the database answers, so that it is not done again. */
async function outside(
  { run, path }: Step,
  given: unknown,
  keep: (output: unknown) => Promise<boolean>,
): Promise<StepOutcome> {
  // As later steps would read it after a restart.
  const output = keepableResult(run, path, given);
  if (!(await keep(output))) throw new LeaseLost();
  return { output };
}
