/**
 * Clears the tables that runs only pass through, by how much has passed and not by the clock: autovacuum looks once a
 * minute, and until then each run leaves a dead row for inserts to walk on from and for every look at the table to walk over.
 */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";

/** Events between two times; each has left one dead row in both tables, of some 100 bytes. */
const EVERY = 20_000;

export class QueueVacuum {
  private readonly pool: pg.Pool;
  private readonly log: Log;
  private passed = 0;
  private running: Promise<unknown> | undefined;

  constructor(pool: pg.Pool, log: Log) {
    this.pool = pool;
    this.log = log;
  }

  /** So many events have been taken. */
  count(events: number): void {
    this.passed += events;
    if (this.passed < EVERY || this.running !== undefined) return;
    this.passed = 0;
    // Nobody waits for it; where autovacuum or somebody else is at the same, there is nothing to do.
    const text = "vacuum (skip_locked, truncate off) enginejs.workflow_events_pending, enginejs.workflow_runs_active";
    this.running = this.pool
      .query(text)
      .catch((error: Error) => this.log.debug(`vacuum: ${error.message}`))
      .then(() => {
        this.running = undefined;
      });
  }
}
