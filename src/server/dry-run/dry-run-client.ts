/**
 * PostGraphile's way to the database for a dry run: all steps of a request share one transaction, each of them a savepoint
 * that begins with begin_request as it would in life. Nothing commits.
 */
import type pg from "pg";
import type { PgClient, PgClientQuery, PgClientResult, WithPgClient } from "postgraphile/@dataplan/pg";
import { beginRequestText } from "../../database/act-as.ts";
import { coreText } from "../../database/core-sql.ts";
import { type ActorSession, beginRequestValues } from "../database/actor-session.ts";

const writtenText = coreText("queries/dry_run_rows.sql");

/** Rows of a table that the transaction has written so far. */
export interface WrittenRows {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** One step after the other, however many PostGraphile asks for at once: they share a connection and its savepoints. */
export class DryRunTransaction {
  readonly #client: pg.ClientBase;
  readonly #schema: string;
  /** What steps wrote that failed: PostgreSQL goes on counting it. */
  readonly #undone = new Map<string, WrittenRows>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param schema the model's, whose tables are counted */
  constructor(client: pg.ClientBase, schema: string) {
    this.#client = client;
    this.#schema = schema;
  }

  /** Rows that stand, by table. As the login. */
  async written(): Promise<readonly WrittenRows[]> {
    const { rows } = await this.#client.query<WrittenRows>(writtenText, [this.#schema]);
    return rows.map((row) => minus(row, this.#undone.get(row.table))).filter(isWritten);
  }

  readonly withPgClient = (async <T>(
    session: ActorSession | null,
    callback: (client: PgClient) => T | Promise<T>,
  ): Promise<T> => {
    // Looking at the catalogue: before the transaction's first step.
    if (session === null) return callback(new Statements(this.#client));
    return callback(new Steps(this, session));
  }) as unknown as WithPgClient;

  /** A savepoint as the actor; what fails leaves nothing. Deferred constraints are asked as a commit would ask them. */
  step<T>(session: ActorSession, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const step = this.#last.then(async () => {
      const client = this.#client;
      // The login again: an actor may not begin a request.
      await client.query("set local role none");
      const before = await this.written();
      await client.query("savepoint step");
      try {
        await client.query(beginRequestText, beginRequestValues(session));
        const result = await work(client);
        await client.query("set constraints all immediate");
        await client.query("set constraints all deferred");
        await client.query("release savepoint step");
        return result;
      } catch (error) {
        await this.#undo(before).catch(() => undefined);
        throw error;
      }
    });
    this.#last = step.catch(() => undefined);
    return step;
  }

  async #undo(before: readonly WrittenRows[]): Promise<void> {
    await this.#client.query("rollback to savepoint step");
    for (const row of await this.written()) {
      const more = minus(
        row,
        before.find(({ table }) => table === row.table),
      );
      this.#undone.set(row.table, minus(more, this.#undone.get(row.table), -1));
    }
  }
}

const minus = (row: WrittenRows, other: WrittenRows | undefined, sign: 1 | -1 = 1): WrittenRows => ({
  table: row.table,
  inserted: row.inserted - sign * (other?.inserted ?? 0),
  updated: row.updated - sign * (other?.updated ?? 0),
  deleted: row.deleted - sign * (other?.deleted ?? 0),
});
const isWritten = ({ inserted, updated, deleted }: WrittenRows): boolean => inserted + updated + deleted > 0;

/** Each query is a step of its own; `withTransaction` joins several. */
class Steps implements PgClient {
  readonly #transaction: DryRunTransaction;
  readonly #session: ActorSession;

  constructor(transaction: DryRunTransaction, session: ActorSession) {
    this.#transaction = transaction;
    this.#session = session;
  }

  query<TData>(query: PgClientQuery): Promise<PgClientResult<TData>> {
    return this.#transaction.step(this.#session, (client) => new Statements(client).query<TData>(query));
  }

  withTransaction<T>(callback: (client: this) => Promise<T>): Promise<T> {
    return this.#transaction.step(this.#session, (client) => callback(new Statements(client) as unknown as this));
  }
}

class Statements implements PgClient {
  readonly #client: pg.ClientBase;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  async query<TData>({ text, values = [], arrayMode = false }: PgClientQuery): Promise<PgClientResult<TData>> {
    const config = arrayMode ? { text, values, rowMode: "array" as const } : { text, values };
    const { rows, rowCount } = await this.#client.query(config);
    return { rows: rows as TData[], rowCount };
  }

  withTransaction<T>(callback: (client: this) => Promise<T>): Promise<T> {
    return callback(this);
  }
}
