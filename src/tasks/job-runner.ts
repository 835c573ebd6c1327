/**
 * graphile-worker in this process, supervised: whenever its pool ends by itself, whichever way its promise settles, that
 * is a crash; its locks are given back and it is started again. (With batched completion one failing statement ends the
 * pool, leaves finished jobs locked and *resolves* the promise: graphile/worker#636.)
 */
import { EventEmitter } from "node:events";
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from "graphile-worker";
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { failpoint } from "./failpoint.ts";
import { sleep } from "./loop.ts";

export interface JobRunnerOptions {
  readonly pool: pg.Pool;
  readonly concurrency: number;
  readonly log: Log;
  /** The id under which this process is registered now. */
  readonly worker: () => number;
  readonly tasks: () => TaskList;
}

export interface JobRunner {
  /** Starts anew with the current tasks, for instance when their names have changed. */
  restart(): void;
  stop(): Promise<void>;
}

export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const stopped = new AbortController();
  let current: Runner | undefined;
  const done = (async () => {
    let pause = 100;
    while (!stopped.signal.aborted) {
      const started = performance.now();
      let pool: string | undefined;
      try {
        current = await startPool(options, (id) => {
          pool = id;
        });
        if (stopped.signal.aborted) await current.stop();
        await current.promise;
      } catch (error) {
        if (!stopped.signal.aborted) options.log.warn(`jobs: ${(error as Error).message}; starting again`);
      }
      current = undefined;
      if (stopped.signal.aborted) return;
      pause = performance.now() - started > 10_000 ? 100 : Math.min(pause * 2, 5_000);
      if (pool !== undefined) await giveBack(options, pool, stopped.signal);
      await sleep(pause, stopped.signal);
    }
  })();
  return {
    restart() {
      current?.stop().catch(() => undefined);
    },
    async stop() {
      stopped.abort();
      // Fails where the pool has ended already.
      await current?.stop().catch(() => undefined);
      await done;
    },
  };
}

async function startPool(options: JobRunnerOptions, onPool: (id: string) => void): Promise<Runner> {
  const { pool, concurrency, log } = options;
  const events = new EventEmitter() as WorkerEvents;
  events.on("pool:create", ({ workerPool }) => {
    onPool(workerPool.id);
    // Until this is told, enginejs.workflow_wake() takes the pool's locks for those of nobody.
    const text = "update enginejs.workflow_workers set pools = array_append(pools, $2) where id = $1";
    pool.query(text, [options.worker(), workerPool.id]).catch((error: Error) => log.warn(`jobs: ${error.message}`));
  });
  events.on("job:success", () => failpoint("job:before-delete"));
  events.on("job:complete", () => failpoint("job:after-delete"));
  return run({
    pgPool: pool,
    noHandleSignals: true,
    taskList: options.tasks(),
    crontab: "",
    logger: new Logger(
      () => (level, message) => (level === "error" ? log.warn(`jobs: ${message}`) : log.debug(`jobs: ${message}`)),
    ),
    preset: {
      worker: { concurrentJobs: concurrency, pollInterval: 2_000, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    },
    events,
  });
}

/** The locks of a pool that has ended, so that its jobs do not wait for four hours. */
async function giveBack(options: JobRunnerOptions, pool: string, signal: AbortSignal): Promise<void> {
  for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 5_000)) {
    try {
      await options.pool.query("select graphile_worker.force_unlock_workers(array[$1])", [pool]);
      return;
    } catch {
      await sleep(pause, signal);
    }
  }
}
