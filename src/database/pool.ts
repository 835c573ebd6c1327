import pg from "pg";
import { type ConnectionOptions, connectionSettings } from "./connection.ts";

export interface PoolOptions extends ConnectionOptions {
  /** The most connections that the pool holds; 10 unless said otherwise. */
  readonly max?: number;
  /** Runs on each new connection before anybody gets it. */
  readonly onConnect?: (client: pg.ClientBase) => Promise<unknown>;
}

/**
 * A pool; the caller ends it. It connects at first use: ask `requireServer` first where a failure should be explained.
 *
 * @example const pool = createPool(url, { max: 20, applicationName: "enginejs server" });
 */
export function createPool(url: string, options: PoolOptions = {}): pg.Pool {
  const { onConnect, connectTimeout = 10_000 } = options;
  const pool = new pg.Pool({
    ...connectionSettings(url, options),
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
    ...(onConnect && { onConnect: (client) => within(connectTimeout, onConnect(client)) }),
  });
  // Without listeners, a connection that drops (a restarted server) would end the process: the pool's
  // hears of idle connections, each client's of those in use, whose query fails as well.
  pool.on("error", (error) => options.onLost?.(error));
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
  });
  return pool;
}

/** A connection may fall silent before anybody has got it: without an end to this, its place in the pool would be lost with it. */
async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`PostgreSQL did not answer within ${milliseconds} ms`);
    timer = setTimeout(() => reject(Object.assign(error, { code: "ETIMEDOUT" })), milliseconds);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
