/**
 * The relay's loop: one leader per database, by a session lock; the others stand by and take over when it is gone.
 *
 * It sleeps only while it holds the doorbell's lock K, and looks once more after it has it: a writer that saw K
 * free did not notify, but has ended by then (functions/ring.sql). K is only ever tried, never waited for.
 *
 * A run that this process has a hand free for begins here: it is claimed by the statement that makes it, and from a
 * writer's commit to its first step there are one NOTIFY and one round trip. For the others jobs ring.
 */
import type pg from "pg";
import { connect } from "../database/connection.ts";
import type { ConnectionWatch } from "../database/connection-watch.ts";
import type { Log } from "../dsl/task.ts";
import type { Doorbell } from "./doorbell.ts";
import { exactTypes } from "./exact-json.ts";
import { failpoint } from "./failpoint.ts";
import { sleep } from "./loop.ts";
import { type RelayOptions, type RelayResult, relayBatch } from "./relay-batch.ts";
import type { ClaimedRun } from "./run.ts";
import type { Slots } from "./slots.ts";

export interface RelayLoopOptions extends RelayOptions {
  /** A direct connection: session locks and LISTEN do not survive a transaction pooler. */
  readonly url: string;
  readonly doorbell: Doorbell;
  readonly log: Log;
  /** Notices when its connection falls silent. */
  readonly watch: ConnectionWatch;
  /** The hands of this process: what they are free for, they get at once, the rest is rung for. */
  readonly hands: { readonly slots: Slots; take(runs: readonly ClaimedRun[]): void };
  /** Told how many events were taken. */
  readonly onTaken?: (events: number) => void;
  /** Told the leader's backend, so that whoever reaps this worker can end it. */
  readonly onLeader?: (backend: number) => Promise<void>;
  /** How long it sleeps at most, in milliseconds: the slow poll beside the doorbell. */
  readonly poll?: number;
}

export interface Relay {
  readonly leading: boolean;
  stop(): Promise<void>;
}

export function startRelay(options: RelayLoopOptions): Relay {
  const stopped = new AbortController();
  const state = { leading: false };
  const done = (async () => {
    while (!stopped.signal.aborted) {
      try {
        await lead(options, state, stopped.signal);
      } catch (error) {
        if (!stopped.signal.aborted) options.log.warn(`relay: ${(error as Error).message}; trying again`);
      }
      state.leading = false;
      await sleep(300 + 200 * Math.random(), stopped.signal);
    }
  })();
  return {
    get leading() {
      return state.leading;
    },
    stop() {
      stopped.abort();
      return done;
    },
  };
}

async function lead(options: RelayLoopOptions, state: { leading: boolean }, signal: AbortSignal): Promise<void> {
  const client = await connect(options.url, {
    applicationName: "enginejs relay",
    pipeline: true,
    connectTimeout: 3_000,
    types: exactTypes,
  });
  options.watch.watch(client);
  const worker = options.worker();
  try {
    // Known as this worker's before it leads: whoever reaps a process that stands still ends its session (workflow_reap).
    await client.query("select pg_advisory_lock_shared(7714009, $1)", [worker]);
    while (!(await tryLock(client, "7714001, 0"))) {
      await sleep(500 + 200 * Math.random(), signal);
      if (signal.aborted || options.worker() !== worker) return;
    }
    state.leading = true;
    // What a crash of the server takes back was never done: functions/workflow_relay.sql says why nothing depends on it.
    await client.query("set synchronous_commit = off");
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    if (rows[0] !== undefined) await options.onLeader?.(rows[0].pid);
    await relayUntil(client, options, signal, worker);
  } finally {
    await Promise.race([client.end().catch(() => undefined), sleep(2_000)]);
  }
}

/** How long events are left to the hands of this process before others are rung for them, in milliseconds. */
const PATIENCE = 1_000;

/** Until told to stop, or until this process has registered anew and is another worker. */
async function relayUntil(
  client: pg.Client,
  options: RelayLoopOptions,
  signal: AbortSignal,
  worker: number,
): Promise<void> {
  const { doorbell, hands } = options;
  const clock = new WakeClock(client);
  let beyond = "0";
  let backOff = 1;
  // Since when this process has no hand free.
  let fullSince: number | undefined;
  // While it holds K every writer rings, so that nothing is missed between two looks.
  let quiet = false;
  const leaveQuiet = async () => {
    if (quiet) await client.query("select pg_advisory_unlock(7714000, 0)");
    quiet = false;
  };
  while (!signal.aborted && options.worker() === worker) {
    doorbell.clear();
    const spill = fullSince !== undefined && performance.now() - fullSince > PATIENCE;
    const { taken, lastEvent, busy, full } = await relay(client, options, beyond, spill);
    await clock.wakeDue();
    if (busy || full) {
      await leaveQuiet();
      if (taken > 0) beyond = lastEvent;
      if (full) {
        await hands.slots.room(Math.min(PATIENCE, clock.next()), signal);
        fullSince = hands.slots.free > 0 ? undefined : (fullSince ?? performance.now());
      } else await sleep(20, signal);
      continue;
    }
    fullSince = undefined;
    if (taken > 0) {
      backOff = 1;
      // A single event is no reason to have everybody stop ringing and ask for the lock again.
      if (quiet && taken === 1 && !doorbell.rung) {
        await doorbell.wait(Math.min(options.poll ?? 2_000, clock.next()), signal);
        continue;
      }
      await leaveQuiet();
      beyond = lastEvent;
      continue;
    }
    // Nothing beyond: smaller ids may have been committed meanwhile.
    if (beyond !== "0") {
      beyond = "0";
      continue;
    }
    if (quiet) {
      await doorbell.wait(Math.min(options.poll ?? 2_000, clock.next()), signal);
      continue;
    }
    // Once it has K it looks again: whoever saw K free did not ring, but has ended by then.
    quiet = await tryLock(client, "7714000, 0");
    if (quiet) continue;
    // Somebody is writing, and will not ring: look again soon.
    await sleep(backOff, signal);
    backOff = Math.min(backOff * 2, 50);
  }
}

async function relay(
  client: pg.Client,
  options: RelayLoopOptions,
  beyond: string,
  spill: boolean,
): Promise<RelayResult> {
  const { slots } = options.hands;
  const free = slots.takeFree();
  let used = 0;
  try {
    const result = await relayBatch(client, { beyond, slots: free, spill }, options);
    used = result.begun.length;
    options.hands.take(result.begun);
    options.onTaken?.(result.taken);
    return result;
  } finally {
    slots.give(free - used);
  }
}

async function tryLock(client: pg.Client, key: "7714000, 0" | "7714001, 0"): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_lock(${key}) as locked`);
  return rows[0]?.locked === true;
}

/** Rings for runs whose pause is over; asked at each turn of the relay, and asks the database when it is time. */
class WakeClock {
  private readonly client: pg.Client;
  private at = 0;

  constructor(client: pg.Client) {
    this.client = client;
  }

  /** Milliseconds until it is worth asking again. */
  next(): number {
    return Math.max(10, this.at - performance.now());
  }

  async wakeDue(): Promise<void> {
    if (performance.now() < this.at) return;
    const { rows } = await this.client.query<{ woken: number; next_in: number | null }>(
      "select woken, next_in from enginejs.workflow_wake(1000)",
    );
    if ((rows[0]?.woken ?? 0) > 0) failpoint("wake:woken");
    // A run that is put back meanwhile may be due sooner: half a second is the worst that it waits beyond its pause.
    this.at = performance.now() + Math.min(500, Math.max(10, (rows[0]?.next_in ?? 1) * 1_000));
  }
}
