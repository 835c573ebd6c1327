/** What a worker is started with, and what whoever started it can do. */
import type { Log } from "../dsl/task.ts";
import type { Retention } from "./maintenance.ts";
import type { MetricsOptions } from "./metrics-endpoint.ts";

export interface WorkerOptions {
  /** The worker's login, by a direct connection: heartbeats, session locks and LISTEN do not survive a transaction pooler. */
  readonly url: string;
  /** The same login for the steps of runs, where these may go through a pooler; `url` unless given. */
  readonly stepsUrl?: string;
  /** Task files and steps of plugins by name: what each file exports, or its default export. */
  readonly tasks: ReadonlyMap<string, unknown>;
  readonly log: Log;
  /** Gives the secret that signs a request by the name of its environment variable; the process's own environment unless given. */
  readonly secret?: (variable: string) => string | undefined;
  /** How many runs at the same time; 10 unless given. */
  readonly concurrency?: number;
  /** How long `stop` waits for runs under way, in milliseconds; 10 seconds unless given. */
  readonly patience?: number;
  /** Where `/metrics` is answered, in Prometheus' form; nowhere unless given. */
  readonly metrics?: MetricsOptions;
  /** How long the history is kept. */
  readonly retention?: Retention;
}

export interface RunningWorker {
  /** Whether the relay of the database is in this process. */
  readonly leading: boolean;
  /** The port of `/metrics`, where there is one. */
  readonly metricsPort: number | undefined;
  /** Takes these task files from now on; runs under way keep theirs. */
  reload(change: { readonly tasks: ReadonlyMap<string, unknown> }): void;
  /** Takes no run any more, waits for those under way, gives back what is not done, and closes its connections. */
  stop(): Promise<void>;
}
