/**
 * graphile-worker in this process, supervised. Its pool may end by itself (with batched completion one failing statement
 * is enough; finished jobs stay locked and the promise *resolves*: graphile/worker#636), or hang without ending, when
 * connections are lost at a bad moment. Either is a crash: its locks are given back and a new pool is started. What is left of
 * the old one does no harm: a job only rings for a run.
 */
import { EventEmitter } from "node:events";
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from "graphile-worker";
import type pg from "pg";
import { createPool } from "../database/pool.ts";
import type { Log } from "../dsl/task.ts";
import { failpoint } from "./failpoint.ts";
import { sleep } from "./loop.ts";

export interface JobRunnerOptions {
  /** A direct connection: it listens. */
  readonly url: string;
  /** For what is said about pools. */
  readonly pool: pg.Pool;
  readonly concurrency: number;
  readonly log: Log;
  /** The id under which this process is registered now. */
  readonly worker: () => number;
  readonly tasks: () => TaskList;
}

export interface JobRunner {
  /** Starts anew, with the current tasks and under the current id of the worker. */
  restart(why: string): void;
  stop(): Promise<void>;
}

/** How often a worker looks for jobs of itself, and how long it may go without an answer before it counts as hanging. */
const POLL = 2_000;
const SILENCE = 3 * POLL;

/** How long a job may wait here, where all are busy, before others may take it. */
const LOCAL = 1_000;

export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const stopped = new AbortController();
  let current: JobPool | undefined;
  const done = (async () => {
    let pause = 100;
    while (!stopped.signal.aborted) {
      const started = performance.now();
      current = new JobPool(options);
      const why = await current.run(stopped.signal);
      if (!stopped.signal.aborted) options.log.warn(`jobs: ${why}; starting again`);
      pause = performance.now() - started > 30_000 ? 100 : Math.min(pause * 2, 5_000);
      await current.giveBack(stopped.signal);
      await sleep(pause, stopped.signal);
    }
  })();
  return {
    restart: (why) => current?.end(why),
    stop() {
      stopped.abort();
      return done;
    },
  };
}

/**
 * graphile-worker gives its listening connection back twice where that is lost while it ends and `listen` was never answered; what
 * node-postgres throws the second time is caught by nobody and would end the process.
 */
function releasedOnce(pool: pg.Pool): pg.Pool {
  const connect = pool.connect.bind(pool);
  type Callback = (
    error: Error | undefined,
    client: pg.PoolClient | undefined,
    release?: pg.PoolClient["release"],
  ) => void;
  return Object.assign(pool, {
    connect(callback?: Callback) {
      if (callback === undefined) return connect();
      connect((error, client, release) => {
        let released = false;
        callback(error, client, (broken) => {
          // A pool that is ended gives none.
          if (!released) release?.(broken);
          released = true;
        });
      });
    },
  });
}

/** One life of graphile-worker. */
class JobPool {
  private readonly options: JobRunnerOptions;
  private readonly ended = Promise.withResolvers<string>();
  private id: string | undefined;
  private busy = 0;
  private lastSign = performance.now();

  constructor(options: JobRunnerOptions) {
    this.options = options;
  }

  end(why: string): void {
    this.ended.resolve(why);
  }

  /** Runs until the pool ends, hangs, or is told to; resolves with the reason. */
  async run(signal: AbortSignal): Promise<string> {
    const connections = releasedOnce(createPool(this.options.url, { max: 4, applicationName: "enginejs worker jobs" }));
    let runner: Runner | undefined;
    const stop = () => this.end("the worker stops");
    signal.addEventListener("abort", stop);
    const watch = setInterval(() => this.look(), 1_000);
    try {
      const starting = this.start(connections);
      // One whose connection falls silent while it starts would be waited for without an end.
      runner = await Promise.race([starting, this.ended.promise.then(() => undefined)]);
      if (runner === undefined) starting.then((late) => late.stop()).catch(() => undefined);
      runner?.promise.then(
        () => this.end("its pool has ended"),
        (error: Error) => this.end(error.message),
      );
      return await this.ended.promise;
    } catch (error) {
      return (error as Error).message;
    } finally {
      clearInterval(watch);
      signal.removeEventListener("abort", stop);
      // One that hangs may never stop, and must not keep the next one from starting.
      const ending = Promise.resolve(runner?.stop())
        .catch(() => undefined)
        .then(() => connections.end());
      await Promise.race([ending.catch(() => undefined), sleep(3_000)]);
    }
  }

  /** Gives its locks back, so that its jobs do not wait for four hours. Where the worker stops it is tried once: others find them. */
  async giveBack(signal: AbortSignal): Promise<void> {
    for (let pause = 100; this.id !== undefined; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.options.pool.query("select graphile_worker.force_unlock_workers(array[$1])", [this.id]);
        return;
      } catch {
        if (signal.aborted) return;
        await sleep(pause, signal);
      }
    }
  }

  /** Whoever is not busy looks for jobs at each poll: when none is answered, it hangs. */
  private look(): void {
    if (this.busy >= this.options.concurrency) this.lastSign = performance.now();
    if (performance.now() - this.lastSign > SILENCE) this.end("its pool hangs");
  }

  private start(connections: pg.Pool): Promise<Runner> {
    const { concurrency, log, pool, worker } = this.options;
    const events = new EventEmitter() as WorkerEvents;
    const sign = () => {
      this.lastSign = performance.now();
    };
    // Answers, not questions: the look-up of its tasks' ids is kept when it fails, and then every question does.
    events.on("localQueue:getJobs:complete", sign);
    events.on("job:start", sign);
    events.on("job:success", () => failpoint("job:before-delete"));
    events.on("job:complete", () => failpoint("job:after-delete"));
    // One that ends gives back the jobs that it keeps with nobody listening: where the connection is lost by then, its error would
    // end the process. Nothing is left for it to give back; we do that ourselves, by the pool's id.
    events.on("localQueue:returnJobs", ({ localQueue, jobs }) => {
      if (localQueue.mode === "RELEASED") jobs.splice(0);
    });
    events.on("pool:create", ({ workerPool }) => {
      this.id = workerPool.id;
      // Until this is told, enginejs.workflow_wake() takes the pool's locks for those of nobody.
      const text = "update enginejs.workflow_workers set pools = array_append(pools, $2) where id = $1";
      pool.query(text, [worker(), workerPool.id]).catch((error: Error) => log.warn(`jobs: ${error.message}`));
    });
    return run({
      pgPool: connections,
      noHandleSignals: true,
      taskList: this.counted(this.options.tasks()),
      crontab: "",
      logger: new Logger(
        () => (level, message) => (level === "error" ? log.warn(`jobs: ${message}`) : log.debug(`jobs: ${message}`)),
      ),
      preset: {
        worker: {
          concurrentJobs: concurrency,
          pollInterval: POLL,
          // One question for all of them: otherwise each notification has each of them ask.
          localQueue: { size: concurrency, ttl: LOCAL },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      events,
    });
  }

  private counted(tasks: TaskList): TaskList {
    return Object.fromEntries(
      Object.entries(tasks).map(([name, task]): [string, TaskList[string]] => [
        name,
        async (payload, helpers) => {
          this.busy += 1;
          try {
            return await task?.(payload, helpers);
          } finally {
            this.busy -= 1;
          }
        },
      ]),
    );
  }
}
