/**
 * Beats for this process, in a thread of its own: a process whose event loop is blocked is not dead. Holds the session
 * lock that tells the others at once when the process is gone.
 */
import { parentPort, workerData } from "node:worker_threads";
import type pg from "pg";
import { connect } from "../database/connection.ts";
import type { HeartbeatInput, HeartbeatMessage } from "./heartbeat.ts";

const { url, worker, interval, turns } = workerData as HeartbeatInput;
const tell = (message: HeartbeatMessage) => parentPort?.postMessage(message);

let client: pg.Client | undefined;
let lastBeat = performance.now();
let lastTurn = -1;
/** How many beats in a row have seen the event loop of the process stand still: beats, because a process that was stopped as a whole has none. */
let still = 0;

/** After so many, other workers are let past. */
const PATIENCE = 3;

async function beat(): Promise<void> {
  if (client === undefined) {
    const opened = await connect(url, {
      applicationName: "enginejs heartbeat",
      connectTimeout: 3_000,
      statementTimeout: 3_000,
    });
    opened.on("end", () => {
      if (client === opened) client = undefined;
    });
    client = opened;
    await answered(client.query("select pg_try_advisory_lock(7714002, $1)", [worker]));
  }
  const { rowCount } = await answered(
    client.query("update enginejs.workflow_workers set heartbeat_at = clock_timestamp() where id = $1", [worker]),
  );
  lastBeat = performance.now();
  tell(rowCount === 1 ? "beat" : "reaped");
  const turn = Atomics.load(turns, 0);
  still = turn === lastTurn ? still + 1 : 0;
  lastTurn = turn;
  if (still >= PATIENCE) await answered(client.query("select enginejs.workflow_step_aside($1)", [worker]));
}

/** A connection may fall silent without ever being closed: nothing is waited for without an end. */
async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 3 s")), 3_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

for (;;) {
  try {
    await beat();
  } catch {
    // Not awaited: what has fallen silent may never end.
    client?.end().catch(() => undefined);
    client = undefined;
    // Others declare it dead after 15 s: it stops its own runs well before that.
    if (performance.now() - lastBeat > 8_000) tell("silent");
  }
  await new Promise((resolve) => setTimeout(resolve, interval));
}
