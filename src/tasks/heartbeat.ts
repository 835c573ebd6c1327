import { hostname } from "node:os";
import { Worker } from "node:worker_threads";
import type pg from "pg";

export interface HeartbeatInput {
  readonly url: string;
  readonly worker: number;
  /** In milliseconds. */
  readonly interval: number;
  /** Its first number grows for as long as the process's event loop turns. */
  readonly turns: Int32Array<SharedArrayBuffer>;
}

/** "reaped": the others have declared this worker dead. "silent": the database did not hear of it for 8 s. */
export type HeartbeatMessage = "beat" | "reaped" | "silent";

export interface Heartbeat {
  /** Under which this process is registered. */
  readonly worker: number;
  /** Beats no more. Its row stays: whoever reaps it ends what this worker has left in the database. */
  abandon(): Promise<void>;
  /** Beats no more, and leaves nothing to be reaped. */
  stop(): Promise<void>;
}

/**
 * Registers this process as a worker and beats for it until stopped; resolves at the first beat, however long that takes.
 * `onLost` is called once, when others may think it dead.
 *
 * @param signal ends the wait for the first beat
 */
export async function startHeartbeat(
  url: string,
  pool: pg.Pool,
  onLost: () => void,
  signal: AbortSignal,
): Promise<Heartbeat> {
  const { rows } = await pool.query<{ id: number }>(
    // In the future, so that nobody takes it for dead before its thread has started.
    "insert into enginejs.workflow_workers (host, process_id, heartbeat_at) values ($1, $2, clock_timestamp() + '20 s') returning id",
    [hostname(), process.pid],
  );
  const worker = rows[0]?.id ?? 0;
  // The built package has the same file as JavaScript.
  const file = import.meta.url.endsWith(".ts") ? "./heartbeat-thread.ts" : "./heartbeat-thread.js";
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const turning = setInterval(() => Atomics.add(turns, 0, 1), 300).unref();
  const workerData: HeartbeatInput = { url, worker, interval: 1_000, turns };
  const thread = new Worker(new URL(file, import.meta.url), { workerData, execArgv: [] });
  const beating = Promise.withResolvers<void>();
  let begun = false;
  let lost = false;
  let stopped = false;
  const lose = (error: Error) => {
    if (lost || stopped) return;
    lost = true;
    if (begun) onLost();
    else beating.reject(error);
  };
  thread.on("message", (message: HeartbeatMessage) => {
    if (message === "beat") {
      begun = true;
      beating.resolve();
    } else if (begun || message === "reaped") lose(new Error("others have declared it dead before its first beat"));
  });
  thread.on("error", lose);
  thread.on("exit", () => {
    clearInterval(turning);
    lose(new Error("the thread of the heartbeat has ended"));
  });
  const abort = () => beating.reject(new Error("the worker stops"));
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    // From here on its session lock is held.
    await beating.promise;
  } catch (error) {
    // It would beat for nobody as soon as it can.
    lost = true;
    await thread.terminate();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
  return {
    worker,
    async abandon() {
      stopped = true;
      await thread.terminate();
    },
    async stop() {
      stopped = true;
      await thread.terminate();
      await pool.query("delete from enginejs.workflow_workers where id = $1", [worker]).catch(() => undefined);
    },
  };
}
