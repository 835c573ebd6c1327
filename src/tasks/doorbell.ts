/** Hears `enginejs.ring()`, through pg-listen, which connects again by itself. */
import pgListen from "pg-listen";
import { connectionSettings } from "../database/connection.ts";
import type { Log } from "../dsl/task.ts";
import { sleep } from "./loop.ts";

export interface Doorbell {
  /** Resolves when somebody has rung since the last `clear`, when the time is over, or when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Whether somebody has rung since the last `clear`. */
  readonly rung: boolean;
  /** Forgets what has rung so far: the caller is about to look. */
  clear(): void;
  close(): Promise<void>;
}

// A CommonJS package whose default export is a property of what Node imports.
const createSubscriber = ((pgListen as { default?: unknown }).default ?? pgListen) as typeof pgListen.default;

export async function listen(url: string, log: Log): Promise<Doorbell> {
  // A connection that has fallen silent is noticed by a question without an answer: nobody sends anything over this one otherwise.
  const settings = { ...connectionSettings(url, { applicationName: "enginejs doorbell" }), query_timeout: 5_000 };
  const subscriber = createSubscriber(settings, {
    paranoidChecking: 5_000,
    // The payload is empty.
    parse: (text) => text,
    retryInterval: 500,
    retryTimeout: Number.POSITIVE_INFINITY,
  });
  let closed = false;
  const hangUp = () => {
    closed = true;
    return subscriber.close();
  };
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    rung = true;
    wake?.();
  };
  subscriber.notifications.on("enginejs_workflow", ring);
  // What rang while the connection was gone was not heard.
  subscriber.events.on("connected", ring);
  subscriber.events.on("error", (error) => {
    if (closed) void hangUp();
    else log.warn(`doorbell: ${error.message}`);
  });
  // pg-listen goes on connecting after it is closed, and after a first connection that fails: what is thrown here ends that.
  subscriber.events.on("reconnect", () => {
    if (closed) throw new Error("closed");
  });
  // Closed while it was connecting.
  subscriber.events.on("connected", () => closed && void hangUp());
  try {
    await subscriber.connect();
    await subscriber.listenTo("enginejs_workflow");
  } catch (error) {
    await Promise.race([hangUp(), sleep(2_000)]);
    throw error;
  }
  return {
    get rung() {
      return rung;
    },
    wait(milliseconds, signal) {
      if (rung || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        signal.addEventListener("abort", done);
        wake = done;
      });
    },
    clear() {
      rung = false;
    },
    close: hangUp,
  };
}
