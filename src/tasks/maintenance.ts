/**
 * Maintenance of the outbox: begins a new segment of the history every day, drops those that are older than they are kept for,
 * and forgets keys that guard against doing something twice. One in every worker; a lock lets one work at a time.
 */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { type Loop, startLoop } from "./loop.ts";

/** In days. */
export interface Retention {
  /** Of events and runs that are done or were cancelled, and of webhooks that were delivered; 7 unless given. */
  readonly done?: number;
  /** Of runs and webhooks that failed, and of signals that nobody has waited for; 90 unless given. */
  readonly failed?: number;
  /** Of the ticks of schedules and the ids of webhooks; 7 unless given. */
  readonly keys?: number;
}

export function startMaintenance(pool: pg.Pool, log: Log, { done = 7, failed = 90, keys = 7 }: Retention): Loop {
  return startLoop("maintenance", 60_000, log, async () => {
    await pool.query("select enginejs.workflow_maintain_keys($1 * interval '1 day')", [keys]);
    await maintainWebhooks(pool, done, failed);
    // Gives up after a fifth of a second where writers are at it, and is called again.
    await pool.query("select enginejs.workflow_maintain('1 day', $1 * interval '1 day', $2 * interval '1 day')", [
      done,
      failed,
    ]);
  });
}

/** Rows per transaction, and how often a minute: what tenants leave behind goes, and nobody waits long for a lock. */
const WEBHOOK_BATCH = 5_000;
const WEBHOOK_BATCHES = 20;

async function maintainWebhooks(pool: pg.Pool, done: number, failed: number): Promise<void> {
  for (let i = 0; i < WEBHOOK_BATCHES; i += 1) {
    const { rows } = await pool.query<{ gone: number }>(
      "select enginejs.webhook_maintain($1 * interval '1 day', $2 * interval '1 day', $3) as gone",
      [done, failed, WEBHOOK_BATCH],
    );
    if ((rows[0]?.gone ?? 0) < WEBHOOK_BATCH) return;
  }
}
