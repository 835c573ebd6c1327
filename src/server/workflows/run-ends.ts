/**
 * Hears of the ends of runs that somebody waits for (`enginejs.workflow_ended`), by one connection for all who wait. Nobody
 * relies on it: whoever waits looks by himself as well, seldom while this listens and more often while it cannot.
 */
import pg from "pg";
import type { Logger } from "pino";

/** Ends that came before somebody waited for them, between the commit of a start and its answer; the oldest are forgotten. */
const REMEMBERED = 1_000;
/** How long nobody tries to connect again after a failure. */
const PAUSE = 1_000;
/** How long it waits for the server, in milliseconds. */
const ANSWER = 3_000;

export class RunEnds {
  private readonly pool: pg.Pool;
  private readonly log: Logger;
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly ended = new Set<string>();
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private failedAt = Number.NEGATIVE_INFINITY;
  private closed = false;
  private asking = false;

  /** @param pool its settings are those of the connection; it takes none of the pool's own */
  constructor(pool: pg.Pool, log: Logger) {
    this.pool = pool;
    this.log = log;
  }

  /** Whether an end would be heard now. */
  get listening(): boolean {
    return this.client !== undefined;
  }

  /** Resolves when it listens, or cannot for the moment; asked before a run is started, so that no end is missed. */
  async ready(): Promise<void> {
    if (this.closed || this.client !== undefined || performance.now() - this.failedAt < PAUSE) return;
    this.connecting ??= this.connect().finally(() => {
      this.connecting = undefined;
    });
    await this.connecting;
  }

  /** Resolves to true when the run's end was heard, to false when the time is over. */
  wait(run: string, milliseconds: number): Promise<boolean> {
    if (this.ended.delete(run)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const those = this.waiting.get(run) ?? new Set();
      this.waiting.set(run, those);
      const settle = (heard: boolean) => {
        clearTimeout(timer);
        those.delete(done);
        if (those.size === 0) this.waiting.delete(run);
        resolve(heard);
      };
      const done = () => settle(true);
      const timer = setTimeout(settle, milliseconds, false);
      those.add(done);
    });
  }

  /**
   * An end was seen that was not heard: perhaps nothing comes over the connection any more, without anybody having closed it. One
   * that does not answer is given up, and the next who waits makes another.
   */
  doubt(): void {
    const { client } = this;
    if (client === undefined || this.asking) return;
    this.asking = true;
    client
      .query("select")
      .catch((error: Error) => this.lose(client, error))
      .finally(() => {
        this.asking = false;
      });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connecting;
    const { client } = this;
    this.client = undefined;
    for (const those of this.waiting.values()) for (const done of those) done();
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    // As the pool makes its own; but nobody waits for an answer that never comes: those who call look by themselves then.
    const client = new pg.Client({ ...this.pool.options, query_timeout: ANSWER, connectionTimeoutMillis: ANSWER });
    client.on("error", (error) => this.lose(client, error));
    client.on("end", () => this.lose(client));
    client.on("notification", ({ payload = "" }) => this.tell(payload));
    try {
      await client.connect();
      await client.query("listen enginejs_ended");
      this.client = client;
    } catch (error) {
      this.failedAt = performance.now();
      this.lose(client, error as Error);
    }
  }

  private lose(client: pg.Client, error?: Error): void {
    if (error !== undefined && !this.closed) this.log.warn({ err: error }, "the ends of runs are not heard");
    if (this.client === client) this.client = undefined;
    // Not waited for: it may have fallen silent.
    if (error !== undefined) client.end().catch(() => undefined);
  }

  private tell(run: string): void {
    const those = this.waiting.get(run);
    if (those !== undefined) {
      for (const done of [...those]) done();
      return;
    }
    // It may be another server's.
    this.ended.add(run);
    const [oldest] = this.ended;
    if (this.ended.size > REMEMBERED && oldest !== undefined) this.ended.delete(oldest);
  }
}
