/** What is told of runs and steps to whoever watches: figures and spans. */

import { WorkerMetrics } from "./observe-metrics.ts";
import { RunTrace } from "./observe-traces.ts";
import type { ClaimedRun, Run, StepOutcome } from "./run.ts";
import { Ended } from "./run-control.ts";
import type { Outcome } from "./run-execution.ts";

export class Observer {
  readonly metrics = new WorkerMetrics();

  /** Around what a claim comes to. */
  async run(
    claimed: ClaimedRun,
    workflow: string,
    signal: AbortSignal,
    work: (trace: RunTrace | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { metrics } = this;
    if (claimed.attempts === 1) metrics.delay.observe({ workflow }, claimed.age_ms / 1_000);
    const trace = RunTrace.start(claimed, workflow);
    try {
      const outcome = await work(trace);
      const { kind } = outcome;
      const isCancelled = claimed.cancel !== null || (signal.reason instanceof Ended && !signal.reason.isLate);
      if (kind === "done") metrics.runs.add({ workflow, status: "done" });
      else if (kind === "failed") metrics.runs.add({ workflow, status: isCancelled ? "cancelled" : "failed" });
      else if (kind === "lost") metrics.lost.add({ workflow });
      else if (kind === "put back" && outcome.failure !== undefined) metrics.retries.add({ workflow });
      trace?.end(kind, kind === "failed" ? outcome.failure.error : undefined);
      return outcome;
    } catch (error) {
      trace?.end("error", (error as Error).message);
      throw error;
    }
  }

  /** Around one attempt at a step. The text is the traceparent of what it causes, empty for none. */
  async step(
    run: Run,
    path: string,
    { id, kind }: { readonly id: string; readonly kind: string },
    work: (traceparent: string) => Promise<StepOutcome>,
  ): Promise<StepOutcome> {
    const began = performance.now();
    let status = "failed";
    try {
      const outcome = await (run.trace === undefined ? work(run.traceparent) : run.trace.step(path, kind, work));
      status = outcome === "waiting" ? "waiting" : "done";
      return outcome;
    } finally {
      const workflow = run.definition.workflow.name;
      this.metrics.steps.observe({ workflow, step: id, status }, (performance.now() - began) / 1_000);
    }
  }
}
