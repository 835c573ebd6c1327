/**
 * Notices connections that have fallen silent without being closed: a router, a proxy or a firewall that drops what it is given.
 * TCP alone would wait for a quarter of an hour, and a limit of time for every statement would end long ones that are well.
 *
 * So whoever has waited 5 s for an answer asks over another connection what the backend does. Where it is gone, idle, or waits
 * for its client itself, the answer is lost: the connection is destroyed, which its users see as a lost one, and the backend is
 * ended, so that it holds no lock. Where nobody can be asked either, they are destroyed after 10 s. Through a pooler a backend is
 * known inside of transactions at most (`knowBackend`); whose nobody knows is destroyed when it is silent for longer than
 * anything lasts that it is asked.
 */
import type { Socket } from "node:net";
import type pg from "pg";
import { connect } from "./connection.ts";
import { sqlState } from "./sql-state.ts";

/** How often it looks, in milliseconds, and after how long a silence it asks, and gives up where nobody answers. */
const LOOK = 1_000;
const SILENCE = 5_000;
const GIVE_UP = 10_000;

/** What node-postgres' types leave out. */
interface Watched extends pg.ClientBase {
  /** False while an answer is waited for. */
  readonly readyForQuery: boolean;
  readonly processID: number | null;
  readonly connection: { readonly stream: Socket };
}

interface Sight {
  /** Whether its `processID` is PostgreSQL's: a pooler gives numbers of its own. */
  readonly direct: boolean;
  /** Bytes that it had received when something was seen of it last, and when that was. */
  received: number;
  seenAt: number;
}

/** Of connections by way of a pooler, while they are in a transaction. */
const backends = new WeakMap<pg.ClientBase, number>();

/** Tells the backend that a connection has while its transaction is open; undefined when it is over. */
export function knowBackend(client: pg.ClientBase, backend: number | undefined): void {
  if (backend === undefined) backends.delete(client);
  else backends.set(client, backend);
}

/** Whether a connection leads to PostgreSQL itself: a pooler tells numbers of its own, and another backend serves each transaction. */
export async function isDirect(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ backend: number }>("select pg_backend_pid() as backend");
  return rows[0]?.backend === (client as Watched).processID;
}

/** Whether a connection was lost because nothing came over it any more: that is no fault of what it was used for. */
export const isSilence = (error: unknown): boolean => error instanceof Silence;

class Silence extends Error {
  /** As of a connection that TCP gives up. */
  readonly code = "ETIMEDOUT";

  constructor(milliseconds?: number) {
    super(
      milliseconds === undefined
        ? "given up beside others, whose answers are lost"
        : `PostgreSQL's answer is lost: nothing has come over the connection for ${Math.round(milliseconds / 1_000)} s`,
    );
    this.name = "Silence";
  }
}

export interface ConnectionWatchOptions {
  /**
   * After how long a silence a connection by way of a pooler is given up of whose backend nothing is known, in milliseconds: longer
   * than whatever it is asked lasts. 10 s unless said otherwise, for those that say their backend at the beginning of each transaction.
   */
  readonly giveUp?: number;
  /** Told when connections are given up, and after how long a silence. */
  readonly onSilence?: (error: Error) => void;
}

export class ConnectionWatch {
  private readonly url: string;
  private readonly giveUpUnknown: number;
  private readonly onSilence: ((error: Error) => void) | undefined;
  private readonly watched = new Map<Watched, Sight>();
  private readonly timer: NodeJS.Timeout;
  private lookedAt = performance.now();
  private asking = false;
  /** Backends whose connection was given up, until they are ended. */
  private readonly abandoned = new Set<number>();
  /** Those that somebody has taken from their pool, perhaps between two statements. */
  private readonly inUse = new WeakSet<pg.ClientBase>();

  /** @param url over which it asks; a direct connection where those that it watches are direct */
  constructor(url: string, { giveUp = GIVE_UP, onSilence }: ConnectionWatchOptions = {}) {
    this.url = url;
    this.giveUpUnknown = giveUp;
    this.onSilence = onSilence;
    this.timer = setInterval(() => this.look(), LOOK);
  }

  /** Watches a connection until it ends. */
  watch(client: pg.ClientBase, direct = true): void {
    const watched = client as Watched;
    const { bytesRead } = watched.connection.stream;
    this.watched.set(watched, { direct, received: bytesRead, seenAt: performance.now() });
    client.once("end", () => this.watched.delete(watched));
  }

  /** Watches every connection of a pool. */
  watchPool(pool: pg.Pool, direct: boolean): void {
    pool.on("connect", (client) => this.watch(client, direct));
    pool.on("acquire", (client) => this.inUse.add(client));
    pool.on("release", (_error, client) => this.inUse.delete(client));
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    // This process itself stood still: what has come meanwhile is not read yet.
    const stoodStill = now - this.lookedAt > 2 * LOOK;
    this.lookedAt = now;
    for (const [client, sight] of this.watched) {
      const { bytesRead } = client.connection.stream;
      if (!stoodStill && !client.readyForQuery && bytesRead === sight.received) continue;
      sight.received = bytesRead;
      sight.seenAt = now;
    }
    const silent = this.silent(SILENCE);
    if (this.asking || (silent.length === 0 && this.abandoned.size === 0)) return;
    this.asking = true;
    void this.judge(silent)
      .then(() => this.endAbandoned())
      // It is tried again at the next look.
      .catch(() => undefined)
      .finally(() => {
        this.asking = false;
      });
  }

  /** Those that wait for an answer, and of which nothing has come for so long. */
  private silent(milliseconds: number): readonly Watched[] {
    const now = performance.now();
    return [...this.watched.entries()]
      .filter(
        ([client, sight]) =>
          !client.readyForQuery &&
          client.connection.stream.bytesRead === sight.received &&
          now - sight.seenAt >= milliseconds,
      )
      .map(([client]) => client);
  }

  private async judge(silent: readonly Watched[]): Promise<void> {
    if (silent.length === 0) return;
    const asked = new Map(silent.map((client) => [client, this.backendOf(client)]));
    const known = [...asked.values()].filter((backend) => backend !== undefined);
    let lost: ReadonlySet<number | undefined>;
    try {
      lost = known.length === 0 ? new Set() : await this.lost(known);
    } catch (error) {
      // Refused by PostgreSQL itself, which has no connection to give: it is there, and nobody knows.
      if (sqlState(error) === undefined && sqlState((error as Error).cause) === undefined)
        this.giveUp(this.silent(GIVE_UP));
      return;
    }
    const still = new Set(this.silent(SILENCE));
    const late = new Set(this.silent(this.giveUpUnknown));
    const gone = silent.filter((client) => {
      const backend = asked.get(client);
      return backend === undefined ? late.has(client) : still.has(client) && lost.has(backend);
    });
    this.giveUp(gone);
  }

  private backendOf(client: Watched): number | undefined {
    return (
      backends.get(client) ?? (this.watched.get(client)?.direct === true ? (client.processID ?? undefined) : undefined)
    );
  }

  private giveUp(gone: readonly Watched[]): void {
    if (gone.length === 0) return;
    const now = performance.now();
    // What lies idle since then may be as dead: each would cost whoever takes it as long again.
    const idle = [...this.watched.keys()].filter((client) => client.readyForQuery && !this.inUse.has(client));
    for (const client of [...gone, ...idle]) {
      const backend = this.backendOf(client);
      if (backend !== undefined) this.abandoned.add(backend);
      const { seenAt = now } = this.watched.get(client) ?? {};
      const error = new Silence(client.readyForQuery ? undefined : now - seenAt);
      if (client === gone[0]) this.onSilence?.(error);
      client.connection.stream.destroy(error);
    }
  }

  /** Those of the backends that are not there, or do nothing but wait for their client. */
  private async lost(ofThese: readonly number[]): Promise<ReadonlySet<number>> {
    const { rows } = await this.ask<{ backend: number }>(
      `select asked.backend from unnest($1::int[]) as asked (backend)
       left join pg_stat_activity a on a.pid = asked.backend and a.usename = current_user
       where a.pid is null or a.wait_event in ('ClientRead', 'ClientWrite')`,
      ofThese,
    );
    return new Set(rows.map(({ backend }) => backend));
  }

  private async endAbandoned(): Promise<void> {
    const backends = [...this.abandoned];
    if (backends.length === 0) return;
    const { rows } = await this.ask<{ backend: number; ended: boolean | null }>(
      `select a.pid as backend, case when a.wait_event in ('ClientRead', 'ClientWrite') then pg_terminate_backend(a.pid) end as ended
       from pg_stat_activity a where a.pid = any ($1::int[]) and a.usename = current_user and a.datname = current_database()`,
      backends,
    );
    // One that is still at its statement may hold locks afterwards.
    const busy = new Set(rows.filter(({ ended }) => ended !== true).map(({ backend }) => backend));
    for (const backend of backends) if (!busy.has(backend)) this.abandoned.delete(backend);
  }

  /** Over a connection of its own, with an end to everything. */
  private async ask<R extends pg.QueryResultRow>(text: string, ofThese: readonly number[]): Promise<pg.QueryResult<R>> {
    const client = await connect(this.url, {
      applicationName: "enginejs watch",
      connectTimeout: 3_000,
    });
    const late = setTimeout(() => (client as unknown as Watched).connection.stream.destroy(new Silence(3_000)), 3_000);
    try {
      return await client.query<R>(text, [ofThese]);
    } finally {
      clearTimeout(late);
      // Not awaited: it may have fallen silent as well.
      client.end().catch(() => undefined);
    }
  }
}
