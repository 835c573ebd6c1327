/** `enginejs dev`: database, server and worker in one process, following every save. */
import { findProjectFolder } from "../../project/project-folder.ts";
import { watchProject } from "../../project/watch-project.ts";
import { catchStrayErrors } from "../../tasks/index.ts";
import { DevSession } from "../dev-session.ts";
import { showDevState } from "../dev-state.ts";
import { exitCode } from "../exit-code.ts";
import { createLogger } from "../logger.ts";
import { Shutdown, untilAskedToStop } from "../shutdown.ts";
import type { Terminal } from "../terminal.ts";

export interface DevOptions {
  readonly project?: string;
  readonly database?: string;
  readonly port?: number;
  readonly json?: boolean;
}

export async function dev(options: DevOptions, terminal: Terminal): Promise<number> {
  const shutdown = new Shutdown();
  const asked = untilAskedToStop(() => shutdown.hurry());
  const folder = findProjectFolder(options.project);
  catchStrayErrors();
  const session = new DevSession({
    folder,
    database: options.database,
    port: options.port,
    terminal,
    shutdown,
    log: createLogger(),
    onReady: (state) => showDevState(state, terminal),
  });
  const work = follow(folder, session, shutdown, asked);
  try {
    // Ctrl-C counts from the first moment on, also while the database starts.
    await Promise.race([asked, work]);
    terminal.note("Stopping …");
  } finally {
    await shutdown.run();
    // What was being started is stopped as soon as it is there; only then nothing is left behind.
    await Promise.allSettled([work]);
  }
  return exitCode.ok;
}

/** Watches from the beginning: what is saved while it starts would be missed otherwise. */
async function follow(folder: string, session: DevSession, shutdown: Shutdown, asked: Promise<void>): Promise<void> {
  const started = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  // Nobody may be waiting yet when it fails.
  failed.promise.catch(() => undefined);
  const close = watchProject(folder, () =>
    started.promise.then(() => (shutdown.begun ? undefined : session.change())).catch(failed.reject),
  );
  try {
    await session.start();
  } finally {
    started.resolve();
    // Ended before what it changes.
    await shutdown.add("the watch", close);
  }
  await Promise.race([asked, failed.promise]);
}
