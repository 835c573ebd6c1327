/** One batch of the relay: takes pending events and starts the runs that they want, in one transaction. */
import type pg from "pg";
import { sentTogether } from "../database/sent-together.ts";
import { sqlState } from "../database/sql-state.ts";
import type { Log } from "../dsl/task.ts";
import type { Workflow } from "../model/index.ts";
import type { Build } from "./build.ts";
import { conditionStatement } from "./condition-statement.ts";
import type { Definitions } from "./definitions.ts";
import { failpoint } from "./failpoint.ts";
import type { ClaimedRun } from "./run.ts";
import { hasTurns, type TurnKeys, turnStatement } from "./turn-statement.ts";

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
type BegunRun = Pick<
  ClaimedRun,
  "id" | "lease" | "definition_id" | "segment" | "event" | "actor" | "origin" | "age_ms"
>;

interface RelayRow {
  readonly taken: number;
  readonly last_event: string | null;
  readonly busy: boolean;
  readonly full: boolean;
  readonly conditional: Candidate[] | null;
  readonly begun: BegunRun[] | null;
}

/** An event that a subscription with a condition asks for, or one whose runs take turns. */
interface Candidate {
  readonly event: number;
  readonly segment: number;
  readonly model: string;
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
  system.workflows.some((workflow) => isConditional(workflow) || hasTurns(workflow));

const isConditional = ({ trigger }: Workflow): boolean => trigger.kind === "model" && trigger.condition !== undefined;

async function inOneStatement(client: pg.Client, request: RelayRequest, options: RelayOptions): Promise<RelayResult> {
  failpoint("relay:before-take");
  const row = await take(client, request, options, false);
  failpoint("relay:after-commit");
  return resultOf(request, row, row.begun ?? []);
}

async function inTransaction(client: pg.Client, request: RelayRequest, options: RelayOptions): Promise<RelayResult> {
  failpoint("relay:before-take");
  // Not sent together: were the beginning alone to fail, what is taken would be gone.
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
  // In the order of the names, as all who take the turns of several workflows: no deadlocks.
  const byName = candidates.toSorted((a, b) => (a.workflow < b.workflow ? -1 : a.workflow > b.workflow ? 1 : 0));
  for (const ofOne of Map.groupBy(byName, ({ definition }) => definition).values()) {
    const [first] = ofOne;
    if (first === undefined) continue;
    const { workflow } = await options.definitions.get(first.definition);
    const wanted = await whereTrue(client, ofOne, workflow, options);
    if (hasTurns(workflow)) await holdRuns(client, wanted, workflow, options);
    else passed.push(...wanted);
  }
  passed.sort((a, b) => a.event - b.event);
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

/** Those that the condition lets pass. A run that was started by the workflow's name is asked none. */
async function whereTrue(
  client: pg.Client,
  candidates: readonly Candidate[],
  workflow: Workflow,
  options: RelayOptions,
): Promise<readonly Candidate[]> {
  const isAsked = ({ model }: Candidate) => isConditional(workflow) && !model.startsWith("workflow:");
  const asked = candidates.filter(isAsked);
  const text = () => conditionStatement(options.build(), workflow);
  const rows = await evaluate<{ event: string }>(client, asked, "condition", text, options);
  const events = new Set(rows.map(({ event }) => Number(event)));
  return candidates.filter((candidate) => !isAsked(candidate) || events.has(candidate.event));
}

/** Makes runs that wait for their turn; those whose turn it is already begin by a job. */
async function holdRuns(
  client: pg.Client,
  candidates: readonly Candidate[],
  workflow: Workflow,
  options: RelayOptions,
): Promise<void> {
  const [first] = candidates;
  if (first === undefined) return;
  const text = () => turnStatement(options.build(), workflow);
  const keys = await evaluate<TurnKeys>(client, candidates, "key", text, options);
  const segments = new Map(candidates.map(({ event, segment }) => [event, segment]));
  await client.query("select enginejs.workflow_hold_runs($1, $2, $3, $4, $5, $6, $7, $8)", [
    workflow.name,
    first.definition,
    keys.map(({ event }) => event),
    keys.map(({ event }) => segments.get(Number(event))),
    keys.map(({ order_key }) => order_key),
    keys.map(({ concurrency_key }) => concurrency_key),
    keys.map(({ rate_key }) => rate_key),
    keys.map(({ debounce_key }) => debounce_key),
  ]);
  failpoint("relay:after-hold");
}

/**
 * The rows of a statement over events. Where it cannot be evaluated for all at once, each event is tried alone, and those
 * that fail are put back: one event that nobody can evaluate stops no other.
 */
async function evaluate<Row extends object>(
  client: pg.Client,
  candidates: readonly Candidate[],
  what: string,
  text: () => string,
  options: RelayOptions,
): Promise<readonly Row[]> {
  const [first] = candidates;
  if (first === undefined) return [];
  try {
    await client.query("savepoint condition");
    const statement = text();
    // With the rights of the platform, which passes every policy: the relay's own login can read no table of the model.
    const [, { rows }] = await sentTogether([
      client.query("set local role enginejs_system"),
      client.query<Row>(statement, [
        candidates.map(({ event }) => event),
        [...new Set(candidates.map(({ segment }) => segment))],
      ]),
      client.query("reset role"),
      client.query("release savepoint condition"),
    ]);
    return rows;
  } catch (error) {
    // Sets the role back as well. Fails where the connection is lost: then the whole batch does.
    await client.query("rollback to savepoint condition");
    if (candidates.length > 1) {
      const rows: Row[] = [];
      for (const candidate of candidates) rows.push(...(await evaluate<Row>(client, [candidate], what, text, options)));
      return rows;
    }
    const message = (error as Error).message.slice(0, 2000);
    options.log.warn(`the ${what} of ${first.workflow} cannot be evaluated: ${message}`, { event: first.event });
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
