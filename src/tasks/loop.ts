/** A loop that never ends by itself: whatever its body throws is logged and the body is called again. */
import type { Log } from "../dsl/task.ts";

export interface Loop {
  /** Ends the loop after what it is doing now. */
  stop(): Promise<void>;
}

/** Calls `body` again and again, `pause` milliseconds apart, a tenth more or less; after an error a second apart. */
export function startLoop(name: string, pause: number, log: Log, body: () => Promise<void>): Loop {
  const stopped = new AbortController();
  const done = (async () => {
    while (!stopped.signal.aborted) {
      let failed = false;
      try {
        await body();
      } catch (error) {
        failed = true;
        if (!stopped.signal.aborted) log.warn(`${name}: ${(error as Error).message}; trying again`);
      }
      await sleep((failed ? Math.max(pause, 1_000) : pause) * (0.9 + 0.2 * Math.random()), stopped.signal);
    }
  })();
  return {
    stop() {
      stopped.abort();
      return done;
    },
  };
}

/** Resolves after the time, or at once when the signal is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}
