import type { Step } from "./run.ts";

/** The parameters of every statement of a step. */
export function stepValues(step: {
  readonly run: Pick<Step["run"], "event" | "as">;
  readonly frame: Pick<Step["frame"], "names">;
}) {
  const { before, after, input, recordId } = step.run.event;
  const tenant = (after ?? before)?.tenant_id ?? step.run.as.tenant ?? null;
  return [before, after, input, step.frame.names].map(json).concat(recordId, tenant as string | null);
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
