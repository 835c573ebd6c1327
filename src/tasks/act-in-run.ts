import type pg from "pg";
import { beginRequestText, beginRequestValues } from "../database/act-as.ts";
import { isSilence, knowBackend } from "../database/connection-watch.ts";
import { sentTogether } from "../database/sent-together.ts";
import { sqlState } from "../database/sql-state.ts";
import { askDatabase, DatabaseGone, isLostConnection } from "./database-gone.ts";
import type { Run } from "./run.ts";

/** The lease of a run is in other hands: what this worker does for it counts for nothing. */
export class LeaseLost extends Error {
  constructor() {
    super("the lease is lost");
    this.name = "LeaseLost";
  }
}

/**
 * Runs `fn` in one transaction as the run's actor, after making sure that the lease is held: nobody takes it away
 * before the transaction ends. Commits when `fn` resolves. Events that it causes name the run as their origin.
 *
 * @param pool its connections pipeline: the beginning of the transaction is one round trip
 * @throws LeaseLost
 */
export async function actInRun<T>(pool: pg.Pool, run: Run, fn: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await askDatabase(() => pool.connect());
  let broken: Error | undefined;
  // A server that is shut down at once, or of which another backend has crashed, says so before it hangs up.
  let saidGoodbye = false;
  const listen = ({ code }: { readonly code?: string | undefined }) => {
    saidGoodbye ||= code !== undefined && /^57P0[1-3]$/.test(code);
  };
  client.on("notice", listen);
  try {
    const [, { rows }] = await sentTogether([
      client.query("begin"),
      client.query<{ held: boolean; backend: number }>(
        "select enginejs.workflow_holds($1, $2) as held, pg_backend_pid() as backend",
        [run.id, run.lease],
      ),
      client.query(beginRequestText, beginRequestValues(run.as)),
      client.query(
        "select set_config('enginejs.run_id', $1, true), set_config('enginejs.depth', $2, true), set_config('enginejs.traceparent', $3, true)",
        [run.id, String(run.depth), run.traceparent],
      ),
    ]);
    knowBackend(client, rows[0]?.backend);
    if (rows[0]?.held !== true) throw new LeaseLost();
    const result = await fn(client);
    // PostgreSQL answers the commit of a failed transaction with ROLLBACK and no error.
    const { command } = await client.query("commit");
    if (command !== "COMMIT") throw new Error("the transaction had failed before its end");
    return result;
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    if (broken === undefined || !isLostConnection(error)) throw error;
    throw new DatabaseGone(error, saidGoodbye || sqlState(error) !== undefined || isSilence(error));
  } finally {
    knowBackend(client, undefined);
    client.off("notice", listen);
    client.release(broken);
  }
}
