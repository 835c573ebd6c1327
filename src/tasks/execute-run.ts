/** Executes a claimed run by the definition that it began with, in the time that its workflow allows. */
import type { ClaimedRun } from "./run.ts";
import { Ended, type RunControl } from "./run-control.ts";
import { type ExecutionOptions, type Outcome, RunExecution } from "./run-execution.ts";

export async function executeRun(
  options: ExecutionOptions,
  claimed: ClaimedRun,
  control: RunControl,
): Promise<Outcome> {
  const definition = await options.definitions.get(claimed.definition_id);
  const { workflow } = definition;
  return options.observer.run(claimed, workflow.name, control.signal, (trace) =>
    executeInTime(
      new RunExecution(options, claimed, control, definition, trace),
      claimed,
      control,
      workflow.options?.timeoutMs,
    ),
  );
}

async function executeInTime(
  execution: RunExecution,
  claimed: ClaimedRun,
  control: RunControl,
  timeoutMs: number | undefined,
): Promise<Outcome> {
  if (timeoutMs === undefined) return execution.execute();
  // A timer's longest time is 24 days; a run that waits that long is parked.
  const left = Math.min(Math.max(timeoutMs - claimed.age_ms, 0), 2 ** 31 - 1);
  const late = () => control.abort(new Ended(`not done within ${timeoutMs} ms (EJS6011)`, true));
  const timer = left === 0 ? undefined : setTimeout(late, left);
  if (left === 0) late();
  try {
    return await execution.execute();
  } finally {
    clearTimeout(timer);
  }
}
