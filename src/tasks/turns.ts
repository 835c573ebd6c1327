/** The loop that looks after runs which wait for their turn: functions/workflow_settle_turns.sql. One in every worker. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { type Loop, sleep, startLoop } from "./loop.ts";

/** How long it sleeps at most, in milliseconds. A run that ends lets the next one begin by itself. */
const POLL = 500;

export function startTurns(pool: pg.Pool, log: Log): Loop {
  const stopped = new AbortController();
  const loop = startLoop("turns", 1, log, async () => {
    const { rows } = await pool.query<{ next_in: number | null }>(
      "select next_in from enginejs.workflow_settle_turns()",
    );
    const next = (rows[0]?.next_in ?? Number.POSITIVE_INFINITY) * 1_000;
    await sleep(Math.min(POLL, Math.max(5, next)), stopped.signal);
  });
  return {
    stop() {
      stopped.abort();
      return loop.stop();
    },
  };
}
