/** `enginejs worker`: runs the workflows that the database's events start. */
import { loadTasks } from "../../project/load-tasks.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { catchStrayErrors, startWorker } from "../../tasks/index.ts";
import { exitCode } from "../exit-code.ts";
import { createLogger } from "../logger.ts";
import { messageLog } from "../message-log.ts";
import type { MetricsAddress } from "../metrics-address.ts";
import { openDatabase } from "../open-database.ts";
import { secretSource } from "../secret-source.ts";
import { Shutdown, untilAskedToStop } from "../shutdown.ts";
import type { Terminal } from "../terminal.ts";

export interface WorkerOptions {
  readonly project?: string;
  readonly database?: string;
  readonly stepsDatabase?: string;
  readonly concurrency?: number;
  readonly metrics?: MetricsAddress;
  readonly json?: boolean;
}

export async function worker(options: WorkerOptions, _terminal: Terminal): Promise<number> {
  const shutdown = new Shutdown();
  const asked = untilAskedToStop(() => shutdown.hurry());
  const folder = findProjectFolder(options.project);
  const tasks = await loadTasks(folder);
  const secret = await secretSource(folder);
  const log = createLogger();
  catchStrayErrors();
  try {
    const database = await openDatabase(folder, process.env.WORKER_DATABASE_URL || options.database);
    await shutdown.add("the database", () => database.close(), { essential: true });
    const running = await startWorker({
      url: await database.serviceUrl("worker"),
      ...(options.stepsDatabase !== undefined && { stepsUrl: options.stepsDatabase }),
      tasks,
      secret,
      log: messageLog(log),
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(options.metrics !== undefined && { metrics: options.metrics }),
    });
    await shutdown.add("the worker", () => running.stop());
    log.info({ tasks: [...tasks.keys()] }, "working");
    await asked;
  } finally {
    await shutdown.run();
  }
  log.info("stopped");
  return exitCode.ok;
}
