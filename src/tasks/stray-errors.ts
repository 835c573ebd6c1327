/**
 * What a task throws where nobody waits for it: in a timer, in an emitter's listener, in a promise that it has left alone. Node
 * would end the process, and with it the runs of everybody else; where it is known which task it was, its step fails alone.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Log } from "../dsl/task.ts";

interface CalledTask {
  readonly log: () => Log;
  /** No effect on a task that has ended. */
  readonly fail: (error: unknown) => void;
}

const calledTask = new AsyncLocalStorage<CalledTask>();

/** Calls a task; what it throws elsewhere while it runs is its failure, what it throws later a line of its log. */
export function withStrayErrors<T>(log: () => Log, call: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    calledTask.run({ log, fail: reject }, async () => call()).then(resolve, reject);
  });
}

/**
 * The same signal for a task that is being called: what its listeners throw is the task's, whoever aborts. To be asked for
 * inside of the call.
 */
export function signalOfTask(signal: AbortSignal): AbortSignal {
  const own = new AbortController();
  const abort = AsyncLocalStorage.bind(() => own.abort(signal.reason));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return own.signal;
}

/**
 * Listens to what nobody has caught, for as long as the process works. What no task has thrown ends the process as ever, unless
 * somebody else listens too.
 */
export function catchStrayErrors(): void {
  const listener = (error: unknown) => {
    const task = calledTask.getStore();
    if (task !== undefined) {
      task.log().error("a task threw where nobody waits for it", { error: textOf(error) });
      task.fail(error);
    } else if (process.listenerCount("uncaughtException") === 1) {
      process.off("uncaughtException", listener);
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  process.on("uncaughtException", listener);
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.stack ?? error.message;
  try {
    return String(error);
  } catch {
    return typeof error;
  }
}
