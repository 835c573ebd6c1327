/** The worker: relay, runner and their guardians, in this process. */
import type { TaskList } from "graphile-worker";
import { connect } from "../database/connection.ts";
import { ConnectionWatch } from "../database/connection-watch.ts";
import { createPool } from "../database/pool.ts";
import { requireWritable } from "../database/require-server.ts";
import { requireServiceRights } from "../database/require-service-rights.ts";
import type { Log } from "../dsl/task.ts";
import { workflowError } from "../errors/workflow-error.ts";
import { atMost } from "./at-most.ts";
import { type Build, currentBuild } from "./build.ts";
import { Definitions } from "./definitions.ts";
import { type Doorbell, listen } from "./doorbell.ts";
import { exactTypes } from "./exact-json.ts";
import { failpoint } from "./failpoint.ts";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import { type JobRunner, startJobRunner } from "./job-runner.ts";
import { type Loop, startLoop } from "./loop.ts";
import { startMaintenance } from "./maintenance.ts";
import { type MetricsEndpoint, startMetricsEndpoint } from "./metrics-endpoint.ts";
import { Observer } from "./observe.ts";
import { plainTask } from "./plain-task.ts";
import { pluginDifferences } from "./plugin-versions.ts";
import { QueueVacuum } from "./queue-vacuum.ts";
import { type Relay, startRelay } from "./relay.ts";
import { RunStore } from "./run-store.ts";
import { Runner } from "./runner.ts";
import { startScheduler } from "./scheduler.ts";
import { sparingLog } from "./sparing-log.ts";
import { startTurns } from "./turns.ts";
import { startWebhooks } from "./webhooks.ts";
import type { RunningWorker, WorkerOptions } from "./worker-options.ts";

/**
 * Starts a worker: events that are committed are followed by the runs of their workflows, however often processes die.
 * Any number of workers may share a database.
 *
 * @example
 * const worker = await startWorker({ url, tasks: await loadTasks(folder), log });
 * process.once("SIGTERM", () => worker.stop());
 * @throws EJS401x where the database cannot be reached or written to, or its login lacks a right, EJS6007 where nothing is built into it
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = new WorkerProcess(options);
  try {
    await worker.start();
  } catch (error) {
    await worker.stop();
    throw error;
  }
  return worker;
}

/** Fails with a reason that a person can read, where the loops would only try again and again. */
async function requireReachable(url: string): Promise<void> {
  const client = await connect(url, { applicationName: "enginejs worker" });
  try {
    await requireWritable(client);
  } finally {
    await client.end();
  }
}

class WorkerProcess implements RunningWorker {
  private readonly options: WorkerOptions;
  /** For those who try again and again. */
  private readonly log: Log;
  private readonly pool;
  private readonly stepPool;
  private readonly watch: ConnectionWatch;
  private readonly store: RunStore;
  private readonly definitions: Definitions;
  private tasks: ReadonlyMap<string, unknown>;
  private build: Build | undefined;
  private heartbeat: Heartbeat | undefined;
  private runner: Runner | undefined;
  private doorbell: Doorbell | undefined;
  private relay: Relay | undefined;
  private jobs: JobRunner | undefined;
  private readonly loops: Loop[] = [];
  private readonly observer = new Observer();
  private metrics: MetricsEndpoint | undefined;
  private reviving: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private readonly ending = new AbortController();

  constructor(options: WorkerOptions) {
    this.options = options;
    this.tasks = options.tasks;
    const { concurrency = 10 } = options;
    this.log = sparingLog(options.log);
    // Whoever stops the worker may stop the server behind it: that is no news then.
    const lost = (error: Error) => {
      if (this.stopped === undefined) this.log.warn(`a connection was lost: ${error.message}`);
    };
    // For claims, checkpoints, ends and guardians.
    this.pool = createPool(options.url, {
      max: 6,
      applicationName: "enginejs worker",
      onLost: lost,
      types: exactTypes,
    });
    const url = options.stepsUrl ?? options.url;
    this.stepPool = createPool(url, {
      max: concurrency + 1,
      applicationName: "enginejs worker steps",
      pipeline: true,
      onLost: lost,
      types: exactTypes,
    });
    // Made after all that is checked of the options: it keeps the process alive until it is stopped.
    this.watch = new ConnectionWatch(options.url);
    this.watch.watchPool(this.pool, true);
    this.watch.watchPool(this.stepPool, url === options.url);
    this.definitions = new Definitions(this.pool);
    this.store = new RunStore(this.pool, () => this.workerId);
  }

  get leading(): boolean {
    return this.relay?.leading ?? false;
  }

  get metricsPort(): number | undefined {
    return this.metrics?.port;
  }

  async start(): Promise<void> {
    const { url, stepsUrl, retention = {} } = this.options;
    const { log } = this;
    await requireReachable(url);
    if (stepsUrl !== undefined && stepsUrl !== url) await requireReachable(stepsUrl);
    await requireServiceRights(this.pool, "worker");
    this.build = await currentBuild(this.pool);
    if (this.build === undefined) throw workflowError("EJS6007", "Nothing was built into this database yet.");
    for (const { words } of pluginDifferences(this.build.system, this.tasks)) log.warn(words);
    const { concurrency = 10, metrics } = this.options;
    if (metrics !== undefined) {
      const own = () => this.observer.metrics.text();
      this.metrics = await startMetricsEndpoint(metrics, { pool: this.pool, own, log });
    }
    const runner = new Runner({
      concurrency,
      pool: this.stepPool,
      store: this.store,
      definitions: this.definitions,
      build: () => this.currentBuild,
      newestBuild: async () => {
        this.build = (await currentBuild(this.pool, this.build)) ?? this.build;
        return this.currentBuild;
      },
      tasks: () => this.tasks,
      secret: this.options.secret ?? ((variable) => process.env[variable]),
      log: this.options.log,
      observer: this.observer,
    });
    this.runner = runner;
    // A first use of a task's name blocks the second transaction that uses it: it is registered before anybody needs it.
    await this.pool.query(
      "insert into graphile_worker._private_tasks (identifier) values ('enginejs:run') on conflict do nothing",
    );
    await this.beat();
    this.doorbell = await listen(url, log);
    const vacuum = new QueueVacuum(this.pool, log);
    const webhooks = startWebhooks({
      pool: this.pool,
      build: () => this.currentBuild,
      worker: () => this.workerId,
      log,
      metrics: this.observer.metrics.webhooks,
    });
    this.loops.push(webhooks);
    this.relay = startRelay({
      url,
      doorbell: this.doorbell,
      definitions: this.definitions,
      build: () => this.currentBuild,
      log,
      watch: this.watch,
      worker: () => this.workerId,
      hands: runner,
      onTaken: (events) => {
        vacuum.count(events);
        if (events > 0) webhooks.nudge();
      },
      onLeader: async (backend) => {
        await this.pool.query("update enginejs.workflow_workers set relay_backend = $2 where id = $1", [
          this.workerId,
          backend,
        ]);
      },
    });
    this.jobs = startJobRunner({
      url,
      pool: this.pool,
      concurrency,
      log,
      worker: () => this.workerId,
      tasks: () => this.taskList(),
    });
    this.loops.push(
      startLoop("build", 1_000, log, async () => {
        this.build = (await currentBuild(this.pool, this.build)) ?? this.build;
      }),
      startLoop("replayer", 1_000, log, () => this.recover()),
      startScheduler({
        pool: this.pool,
        definitions: this.definitions,
        build: () => this.currentBuild,
        worker: () => this.workerId,
        log,
      }),
      startTurns(this.pool, log),
      startMaintenance(this.pool, log, retention),
    );
  }

  reload({ tasks }: { readonly tasks: ReadonlyMap<string, unknown> }): void {
    const before = Object.keys(this.taskList()).sort().join();
    this.tasks = tasks;
    if (Object.keys(this.taskList()).sort().join() !== before)
      this.jobs?.restart("the names of its tasks have changed");
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    const { patience = 10_000 } = this.options;
    // A new heartbeat that is just beginning would keep the process alive.
    this.ending.abort();
    // First what takes new work, then the work, then what guards it. A connection that is lost at a bad moment may
    // never close: nothing is waited for without an end.
    await atMost(5_000, this.relay?.stop());
    await Promise.all([this.runner?.stop(patience), atMost(patience + 5_000, this.jobs?.stop())]);
    await atMost(5_000, Promise.all(this.loops.map((loop) => loop.stop())));
    await atMost(2_000, this.doorbell?.close());
    await atMost(2_000, this.metrics?.close());
    await atMost(5_000, this.reviving);
    await atMost(5_000, this.heartbeat?.stop());
    await atMost(5_000, Promise.all([this.pool.end(), this.stepPool.end()]));
    this.watch.stop();
  }

  private get workerId(): number {
    return this.heartbeat?.worker ?? 0;
  }

  private get currentBuild(): Build {
    if (this.build === undefined) throw workflowError("EJS6007", "Nothing was built into this database yet.");
    return this.build;
  }

  /** Registers this process; anew when the others have declared it dead, with nothing of what it had before. */
  private async beat(): Promise<void> {
    const onLost = () => {
      if (this.stopped !== undefined) return;
      this.options.log.warn("this worker was not heard of for too long: it gives up its runs and registers anew");
      this.runner?.abandon();
      this.reviving = this.beatAgain();
    };
    this.heartbeat = await startHeartbeat(this.options.url, this.pool, onLost, this.ending.signal);
  }

  private async beatAgain(): Promise<void> {
    await this.heartbeat?.abandon();
    while (this.stopped === undefined) {
      try {
        await this.beat();
        // Its pool is to be known under the new name.
        this.jobs?.restart("this worker has registered anew");
        return;
      } catch (error) {
        if (this.stopped !== undefined) return;
        this.log.warn(`heartbeat: ${(error as Error).message}; trying again`);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  /** Gives back what the dead have left, and runs that were claimed for this worker without its knowing. */
  private async recover(): Promise<void> {
    const { rows } = await this.pool.query<{ worker: number }>(
      "select worker from enginejs.workflow_reap(5) as worker",
    );
    if (rows.length > 0) failpoint("reap:after");
    for (const { worker } of rows)
      this.options.log.warn(`worker ${worker} is dead: its runs are given back`, { worker });
    await this.pool.query("select enginejs.workflow_forgotten($1, $2)", [this.workerId, this.runner?.activeRuns ?? []]);
    const { rows: replaced } = await this.pool.query<{ leader: boolean }>(
      "select enginejs.workflow_replace_leader($1) as leader",
      [this.workerId],
    );
    if (replaced[0]?.leader === true) this.options.log.warn("the relay that led stood still: another one leads");
    await this.pool.query("select enginejs.workflow_settle_pauses()");
    for (const { id, cancel } of await this.store.cancelled(this.workerId)) this.runner?.cancel(id, cancel);
  }

  /** The bell of runs, and plain graphile-worker task files under their own names. */
  private taskList(): TaskList {
    const list: TaskList = {
      "enginejs:run": async (payload) => {
        const { run, runs = [] } = payload as { run?: string; runs?: string[] };
        await this.runner?.ring(run === undefined ? runs : [run]);
      },
    };
    for (const [name, module] of this.tasks) {
      const task = plainTask(module);
      if (task === undefined) continue;
      list[name] = (payload, helpers) => (plainTask(this.tasks.get(name)) ?? task)(payload, helpers);
    }
    return list;
  }
}
