/**
 * Maintenance of the outbox: begins a new segment of the history every day, drops those that are older than they are kept for,
 * and forgets keys that guard against doing something twice. One in every worker; a lock lets one work at a time.
 */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { type Loop, startLoop } from "./loop.ts";

/** In days. */
export interface Retention {
  /** Of events and runs that are done or were cancelled; 7 unless given. */
  readonly done?: number;
  /** Of those that failed, and of signals that nobody has waited for; 90 unless given. */
  readonly failed?: number;
  /** Of the ticks of schedules and the ids of webhooks; 7 unless given. */
  readonly keys?: number;
}

export function startMaintenance(pool: pg.Pool, log: Log, { done = 7, failed = 90, keys = 7 }: Retention): Loop {
  return startLoop("maintenance", 60_000, log, async () => {
    await pool.query("select enginejs.workflow_maintain_keys($1 * interval '1 day')", [keys]);
    // Gives up after a fifth of a second where writers are at it, and is called again.
    await pool.query("select enginejs.workflow_maintain('1 day', $1 * interval '1 day', $2 * interval '1 day')", [
      done,
      failed,
    ]);
  });
}
