/** What this worker counts. What the database knows by itself is in enginejs.workflow_metrics(). */
import { Counter, Histogram } from "./prometheus.ts";

/** From an empty step to one that takes as long as a step may. */
const stepBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300];
const delayBounds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3_600];

export class WorkerMetrics {
  readonly webhooks = new WebhookMetrics();
  readonly runs = new Counter(
    "enginejs_workflow_runs_total",
    "Runs that this worker has ended, by workflow and how: done, failed, cancelled.",
  );
  readonly retries = new Counter(
    "enginejs_workflow_step_retries_total",
    "Attempts at steps that have failed and are made again.",
  );
  readonly lost = new Counter("enginejs_workflow_leases_lost_total", "Runs whose lease this worker has lost.");
  readonly steps = new Histogram(
    "enginejs_workflow_step_duration_seconds",
    "How long attempts at steps took, by workflow, step and how they ended: done, failed, waiting.",
    stepBounds,
  );
  readonly delay = new Histogram(
    "enginejs_workflow_start_delay_seconds",
    "From an event to the start of its run.",
    delayBounds,
  );

  text(): string {
    const { posts } = this.webhooks;
    return [this.runs, this.retries, this.lost, this.steps, this.delay, posts].map((metric) => metric.text()).join("");
  }
}

/** What a worker counts of the webhooks that it posts. */
export class WebhookMetrics {
  readonly posts = new Histogram(
    "enginejs_webhook_post_duration_seconds",
    "How long attempts at posting webhooks took, by result: success, failure.",
    stepBounds,
  );
}
