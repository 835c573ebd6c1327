/**
 * PostGraphile's way to the database, replaced: each step is one transaction of
 * the request's actor. Nothing of a request survives on a connection: what
 * begin_request sets ends with the transaction, and a client goes back to the
 * pool only outside of one.
 */
import type pg from "pg";
import type { PgClient, PgClientQuery, PgClientResult, WithPgClient } from "postgraphile/@dataplan/pg";
import { beginRequestText } from "../../database/act-as.ts";
import { knowBackend } from "../../database/connection-watch.ts";
import { type ActorSession, beginRequestValues } from "./actor-session.ts";
import { ActorTrain, type TrainStatement } from "./actor-train.ts";
import { PreparedStatements } from "./prepared-statements.ts";

const beginLooking = "select pg_backend_pid() as backend, set_config('statement_timeout', '30s', true)";

const preparedBy = new WeakMap<pg.ClientBase, PreparedStatements>();

function preparedOf(client: pg.ClientBase): PreparedStatements {
  let prepared = preparedBy.get(client);
  if (prepared === undefined) {
    prepared = new PreparedStatements();
    preparedBy.set(client, prepared);
  }
  return prepared;
}

/**
 * `withPgClient` for a pool. Called without a session (PostGraphile does so to
 * look at the catalogue) the statements run as the login role, which has no right
 * to any table.
 */
export function actorClients(pool: pg.Pool): WithPgClient {
  const withPgClient = async <T>(
    session: ActorSession | null,
    callback: (client: PgClient) => T | Promise<T>,
  ): Promise<T> => {
    if (session) return callback(new ActorClient(pool, session));
    return withClient(pool, (client) =>
      new TransactionClient(client, 0).withTransaction(async (transaction) => {
        // Looking at the catalogue waits for a table that somebody holds; not for ever, but for longer than a request would.
        const { rows } = await transaction.query<{ backend: number }>({ text: beginLooking });
        knowBackend(client, rows[0]?.backend);
        try {
          return await callback(transaction);
        } finally {
          knowBackend(client, undefined);
        }
      }),
    );
  };
  return withPgClient as unknown as WithPgClient;
}

/** Each `query` is a transaction of its own; `withTransaction` joins several. */
class ActorClient implements PgClient {
  readonly #pool: pg.Pool;
  readonly #session: ActorSession;

  constructor(pool: pg.Pool, session: ActorSession) {
    this.#pool = pool;
    this.#session = session;
  }

  query<TData>({ text, values = [], arrayMode = false, name }: PgClientQuery): Promise<PgClientResult<TData>> {
    const statement = { text, values, key: name, rowsAsArrays: arrayMode };
    return withClient(this.#pool, async (client) => {
      const { rows, rowCount } = await runTrain(client, this.#session, statement);
      return { rows: rows as TData[], rowCount };
    });
  }

  withTransaction<T>(callback: (client: this) => Promise<T>): Promise<T> {
    return withClient(this.#pool, async (client) => {
      await client.query("begin");
      try {
        await client.query(beginRequestText, beginRequestValues(this.#session));
        const result = await callback(new TransactionClient(client, 1) as unknown as this);
        // PostgreSQL answers the commit of a failed transaction with ROLLBACK and no error.
        const { command } = await client.query("commit");
        if (command !== "COMMIT") throw new Error("the transaction had failed before its end: nothing of it was kept");
        return result;
      } catch (error) {
        await client.query("rollback").catch(() => undefined);
        throw error;
      }
    });
  }
}

/** Inside of a transaction: further ones are savepoints. */
class TransactionClient implements PgClient {
  readonly #client: pg.ClientBase;
  readonly #depth: number;

  constructor(client: pg.ClientBase, depth: number) {
    this.#client = client;
    this.#depth = depth;
  }

  async query<TData>({ text, values = [], arrayMode = false }: PgClientQuery): Promise<PgClientResult<TData>> {
    const config = arrayMode ? { text, values, rowMode: "array" as const } : { text, values };
    const { rows, rowCount } = await this.#client.query(config);
    return { rows: rows as TData[], rowCount };
  }

  async withTransaction<T>(callback: (client: this) => Promise<T>): Promise<T> {
    const [begin, commit, rollback] =
      this.#depth === 0
        ? ["begin", "commit", "rollback"]
        : [`savepoint s${this.#depth}`, `release savepoint s${this.#depth}`, `rollback to savepoint s${this.#depth}`];
    await this.#client.query(begin as string);
    try {
      const result = await callback(new TransactionClient(this.#client, this.#depth + 1) as unknown as this);
      await this.#client.query(commit as string);
      return result;
    } catch (error) {
      await this.#client.query(rollback as string).catch(() => undefined);
      throw error;
    }
  }
}

/**
 * "cached plan must not change result type" after a build, "prepared statement does not exist" behind a
 * pooler: the transaction is gone as a whole, so the same train may be sent once more, parsed anew.
 */
const staleStatement = new Set(["0A000", "26000"]);

async function runTrain(client: pg.ClientBase, session: ActorSession, statement: TrainStatement) {
  const prepared = preparedOf(client);
  try {
    return await send(client, prepared, session, statement);
  } catch (error) {
    if (!staleStatement.has((error as pg.DatabaseError).code ?? "") || statement.key === undefined) throw error;
    prepared.forgetAll();
    return send(client, prepared, session, statement);
  }
}

function send(client: pg.ClientBase, prepared: PreparedStatements, session: ActorSession, statement: TrainStatement) {
  const train = new ActorTrain(client, prepared, session, statement);
  client.query(train);
  return train.result;
}

/** Takes a client from the pool for one task. A client that may be inside of a transaction, or whose connection is lost, does not come back. */
async function withClient<T>(pool: pg.Pool, task: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const onLost = (error: Error) => {
    lost = error;
  };
  // A connection may complain more than once; without a listener that would end the process.
  client.on("error", onLost);
  try {
    return await task(client);
  } finally {
    client.removeListener("error", onLost);
    const status = client.getTransactionStatus();
    client.release(lost ?? (status !== null && status !== "I" ? new Error("left inside of a transaction") : undefined));
  }
}
