/** One batch of the relay: takes pending events and starts the runs that they want, in one transaction. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import type { Build } from "./build.ts";
import { conditionStatement } from "./condition-statement.ts";
import type { Definitions } from "./definitions.ts";
import { failpoint } from "./failpoint.ts";
import type { ClaimedRun } from "./run.ts";
import { sqlState } from "./step-failure.ts";

export interface RelayOptions {
  readonly definitions: Definitions;
  readonly build: () => Build;
  readonly log: Log;
  /** The id under which this process is registered now. */
  readonly worker: () => number;
  /** Events per transaction. */
  readonly batch?: number;
  /** No more are taken while so many runs wait for a worker. */
  readonly mostQueued?: number;
}

export interface RelayRequest {
  /** Only events with a greater id; "0" for any. */
  readonly beyond: string;
  /** How many runs this process has hands free for. */
  readonly slots: number;
  /** More may be taken than that, for others. */
  readonly spill: boolean;
}

export interface RelayResult {
  readonly taken: number;
  readonly lastEvent: string;
  /** Enough runs wait already. */
  readonly busy: boolean;
  /** There may be more events, but no hands for them. */
  readonly full: boolean;
  /** Runs of this process. */
  readonly begun: readonly ClaimedRun[];
}

/** What `workflow_start_runs` says of a run; the rest is as with every new one. */
type BegunRun = Pick<ClaimedRun, "id" | "lease" | "definition_id" | "segment" | "event" | "actor" | "origin" | "age_ms">;

interface RelayRow {
  readonly taken: number;
  readonly last_event: string | null;
  readonly busy: boolean;
  readonly full: boolean;
  readonly conditional: Candidate[] | null;
  readonly begun: BegunRun[] | null;
}

/** An event that a subscription with a condition asks for. */
interface Candidate {
  readonly event: number;
  readonly segment: number;
  readonly workflow: string;
  readonly definition: number;
  readonly attempts: number;
}

/** How often an event's condition is tried before the event is given up. */
const MOST_ATTEMPTS = 8;

export async function relayBatch(
  client: pg.Client,
  request: RelayRequest,
  options: RelayOptions,
): Promise<RelayResult> {
  if (!hasConditions(options.build())) {
    try {
      return await inOneStatement(client, request, options);
    } catch (error) {
      // A newer build has conditions.
      if (sqlState(error) !== "EJ428") throw error;
    }
  }
  return inTransaction(client, request, options);
}

const hasConditions = ({ system }: Build): boolean =>
  system.workflows.some(({ trigger }) => trigger.kind === "model" && trigger.condition !== undefined);

async function inOneStatement(client: pg.Client, request: RelayRequest, options: RelayOptions): Promise<RelayResult> {
  failpoint("relay:before-take");
  const row = await take(client, request, options, false);
  failpoint("relay:after-commit");
  return resultOf(request, row, row.begun ?? []);
}

async function inTransaction(client: pg.Client, request: RelayRequest, options: RelayOptions): Promise<RelayResult> {
  failpoint("relay:before-take");
  await client.query("begin");
  try {
    const row = await take(client, request, options, true);
    failpoint("relay:after-take");
    const begun = row.begun ?? [];
    const more = row.conditional
      ? await startWhereTrue(client, row.conditional, request.slots - begun.length, options)
      : [];
    failpoint("relay:before-commit");
    await client.query("commit");
    failpoint("relay:after-commit");
    return resultOf(request, row, [...begun, ...more]);
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function take(
  client: pg.Client,
  { beyond, slots, spill }: RelayRequest,
  { batch = 500, mostQueued = 5_000, worker }: RelayOptions,
  conditions: boolean,
): Promise<RelayRow> {
  const { rows } = await client.query<RelayRow>({
    name: "workflow_relay",
    text: "select * from enginejs.workflow_relay($1, $2, $3, $4, $5, $6, $7)",
    values: [beyond, batch, mostQueued, worker(), slots, spill, conditions],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("the relay's function gave nothing");
  return row;
}

function resultOf({ beyond }: RelayRequest, row: RelayRow, begun: readonly BegunRun[]): RelayResult {
  const { taken, last_event, busy, full } = row;
  return { taken, lastEvent: last_event ?? beyond, busy, full, begun: begun.map(newRun) };
}

const newRun = (run: BegunRun): ClaimedRun => ({
  ...run,
  attempts: 1,
  failed_step: null,
  failures: 0,
  results: {},
  waits: false,
  failure: null,
  cancel: null,
});

async function startWhereTrue(
  client: pg.Client,
  candidates: readonly Candidate[],
  slots: number,
  options: RelayOptions,
): Promise<readonly BegunRun[]> {
  const passed: Candidate[] = [];
  for (const ofOne of Map.groupBy(candidates, ({ definition }) => definition).values()) {
    passed.push(...(await whereTrue(client, ofOne, options)));
  }
  failpoint("relay:after-conditions");
  if (passed.length === 0) return [];
  const { rows } = await client.query<{ begun: BegunRun[] | null }>(
    "select enginejs.workflow_start_runs($1, $2, $3, $4, $5) as begun",
    [
      passed.map(({ event }) => event),
      passed.map(({ segment }) => segment),
      passed.map(({ definition }) => definition),
      options.worker(),
      Math.max(0, slots),
    ],
  );
  return rows[0]?.begun ?? [];
}

/**
 * Those that the condition of their definition lets pass. Where it cannot be evaluated for all at once, each event is
 * tried alone, and those that fail are put back: one event that nobody can evaluate stops no other.
 */
async function whereTrue(
  client: pg.Client,
  candidates: readonly Candidate[],
  options: RelayOptions,
): Promise<readonly Candidate[]> {
  const [first] = candidates;
  if (first === undefined) return [];
  try {
    await client.query("savepoint condition");
    const { workflow } = await options.definitions.get(first.definition);
    const text = conditionStatement(options.build(), workflow);
    // With the rights of the platform, which passes every policy: the relay's own login can read no table of the model.
    await client.query("set local role enginejs_system");
    const { rows } = await client.query<{ event: string }>(text, [
      candidates.map(({ event }) => event),
      [...new Set(candidates.map(({ segment }) => segment))],
    ]);
    await client.query("reset role");
    await client.query("release savepoint condition");
    const events = new Set(rows.map(({ event }) => Number(event)));
    return candidates.filter(({ event }) => events.has(event));
  } catch (error) {
    // Sets the role back as well. Fails where the connection is lost: then the whole batch does.
    await client.query("rollback to savepoint condition");
    if (candidates.length > 1) {
      const passed: Candidate[] = [];
      for (const candidate of candidates) passed.push(...(await whereTrue(client, [candidate], options)));
      return passed;
    }
    const message = (error as Error).message.slice(0, 2000);
    options.log.warn(`the condition of ${first.workflow} cannot be evaluated: ${message}`, { event: first.event });
    await client.query("select enginejs.workflow_defer_event($1, $2, $3, $4, $5, $6)", [
      first.event,
      first.segment,
      first.workflow,
      first.attempts + 1,
      MOST_ATTEMPTS,
      message,
    ]);
    return [];
  }
}
