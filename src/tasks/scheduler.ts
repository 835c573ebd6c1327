/**
 * The scheduler: starts the workflows that the clock starts. One in every worker, and any number at the same time: what is due
 * and by whose clock is the database's alone (functions/workflow_schedule.sql), and each tick and each moment is taken by one
 * of them, in the transaction that writes its event.
 */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { failpoint } from "./failpoint.ts";
import { type Loop, sleep, startLoop } from "./loop.ts";
import { type MomentOptions, startAtMoments } from "./scheduler-moments.ts";

export interface SchedulerOptions extends MomentOptions {
  readonly pool: pg.Pool;
  readonly log: Log;
}

/** How long it sleeps at most, in milliseconds: what a build or a row brings meanwhile is seen then. */
const POLL = 1_000;

export function startScheduler(options: SchedulerOptions): Loop {
  const stopped = new AbortController();
  const loop = startLoop("scheduler", 1, options.log, async () => {
    const next = await emitDue(options);
    await sleep(Math.min(POLL, Math.max(5, next)), stopped.signal);
  });
  return {
    stop() {
      stopped.abort();
      return loop.stop();
    },
  };
}

/** Starts what is due; the milliseconds until there is something to do again. */
async function emitDue(options: SchedulerOptions): Promise<number> {
  failpoint("schedule:before");
  const { rows } = await options.pool.query<{ emitted: number; next_in: number | null }>(
    "select emitted, next_in from enginejs.workflow_schedule()",
  );
  failpoint("schedule:after");
  const client = await options.pool.connect();
  let broken: Error | undefined;
  try {
    while (await startAtMoments(client, options));
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
  return (rows[0]?.next_in ?? Number.POSITIVE_INFINITY) * 1_000;
}
